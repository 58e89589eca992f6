using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>What the headers of a response say about the calls to come: see <see cref="RateHeaders"/>.</summary>
/// <param name="RetryAfter">The wait that the response asks for, never negative, at most a day; null when it names none.</param>
/// <param name="Budgets">What the API still allows: at most one for each unit, the tightest. Null when it does not say, or not until when.</param>
/// <param name="ShouldRetry"><c>x-should-retry</c>: whether the API wants to see the request again, whatever its status is. Null when it does not say.</param>
public readonly record struct RateHint(TimeSpan? RetryAfter, IReadOnlyList<RateBudget>? Budgets, bool? ShouldRetry = null)
{
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(1);

    /// <summary>Nothing is left of a budget whose end was not told, or is over: enough for a refusal, too little for a wait.</summary>
    public bool IsSpent { get; init; }

    /// <summary>A wait is asked for in words that nobody can read.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary>
    /// A time to come back at, or nothing left of a budget. Some limiters tell the end of their window as a <c>Retry-After</c> with every response (Flask-Limiter, rate-limiter-flexible, Symfony's
    /// documentation): while calls are left, that says nothing. Where one call at a time is allowed, none is left after every one, and that says nothing either.
    /// </summary>
    public bool SaysNotNow => IsSpent || SpentUntil(IsNews) is not null || (RetryAfter is { } wait ? !IsEndOfOpenWindow(wait) : IsUnreadable && Budgets is null or { Count: 0 });

    /// <summary>How long a refusal asks to wait: what it says, or what is left of the spent window, where that says more. Null when it names no time to come.</summary>
    /// <remarks>Many limiters cut their <c>Retry-After</c> to whole seconds, to 0 too, and tell the end of the window beside it, some of them exactly.</remarks>
    public TimeSpan? Pause
    {
        get
        {
            if (RetryAfter is not { } told || told == TimeSpan.Zero)
                return SpentUntil(static _ => true);
            var exact = told.Ticks % TimeSpan.TicksPerSecond == 0 ? SpentUntil(static budget => budget.IsExact) : null;
            return exact > told && exact - told <= Rounding ? exact : told;
        }
    }

    /// <summary>The same, so much later.</summary>
    public RateHint After(TimeSpan elapsed)
    {
        if (elapsed <= TimeSpan.Zero || this is { RetryAfter: null, Budgets: null })
            return this;

        // A wait that is over meanwhile is not the same as one of zero: the API did name a moment.
        TimeSpan? left = RetryAfter is not { } told || told == TimeSpan.Zero ? RetryAfter : told > elapsed ? told - elapsed : TimeSpan.FromTicks(1);
        var budgets = Budgets?.Where(budget => budget.Reset > elapsed).Select(budget => budget with { Reset = budget.Reset - elapsed }).ToList();
        var isSpent = IsSpent || (SpentUntil(IsNews) is { } end && end <= elapsed);
        return this with { RetryAfter = left, Budgets = budgets is { Count: > 0 } ? budgets : null, IsSpent = isSpent };
    }

    /// <summary>Where one call at a time is allowed, none is left after every one.</summary>
    internal static bool IsNews(RateBudget budget) => budget.Limit is null or > 1;

    private bool IsEndOfOpenWindow(TimeSpan wait)
    {
        foreach (var budget in Budgets ?? [])
        {
            if (budget.Remaining > 0 && (budget.Reset - wait).Duration() <= 2 * Rounding)
                return true;
        }

        return false;
    }

    private TimeSpan? SpentUntil(Func<RateBudget, bool> counts)
    {
        TimeSpan? latest = null;
        foreach (var budget in Budgets ?? [])
        {
            if (budget.Remaining == 0 && counts(budget) && !(latest > budget.Reset))
                latest = budget.Reset;
        }

        return latest;
    }
}

/// <param name="Unit">What is counted.</param>
/// <param name="Remaining">What is left after this call, from 0.</param>
/// <param name="Reset">When the API begins to count anew, from the response on: above zero, at most a day.</param>
/// <param name="Limit">What the API allows in a whole window; null when it does not say.</param>
public readonly record struct RateBudget(BudgetUnit Unit, int Remaining, TimeSpan Reset, int? Limit = null)
{
    /// <summary>The end was told finer than in whole seconds.</summary>
    public bool IsExact { get; init; }
}
