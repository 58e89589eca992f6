using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>What the headers of a response say about future calls: see <see cref="RateHeaders"/>.</summary>
/// <param name="RetryAfter">The wait that the response asks for, never negative, at most a day; null when it names none.</param>
/// <param name="Budgets">What the API still allows: at most one for each unit, the tightest. Null when it does not say how much, or until when.</param>
/// <param name="ShouldRetry"><c>x-should-retry</c>: whether the API wants to see the request again, whatever its status is. Null when it does not say.</param>
public readonly record struct RateHint(TimeSpan? RetryAfter, IReadOnlyList<RateBudget>? Budgets, bool? ShouldRetry = null)
{
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(1);

    /// <summary>Nothing is left of a budget whose end is unknown or has passed: enough to treat the response as a refusal, too little for a wait.</summary>
    public bool IsSpent { get; init; }

    /// <summary>A wait is asked for, but cannot be parsed.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary>
    /// The response names a time to try again, or says that nothing is left of a budget. Some limiters send the end of their window as a <c>Retry-After</c> with every response (Flask-Limiter, rate-limiter-flexible, Symfony's
    /// documentation): while calls are left, that is no refusal. Where one call at a time is allowed, none is left after each call, and that is no refusal either.
    /// </summary>
    public bool SaysNotNow => IsSpent || SpentUntil(IsNews) is not null || (RetryAfter is { } wait ? !IsEndOfOpenWindow(wait) : IsUnreadable && Budgets is null or { Count: 0 });

    /// <summary>How long to wait after a refusal: the wait that it names, or the rest of the used-up window if that is longer. Null when it names no future time.</summary>
    /// <remarks>Many limiters truncate their <c>Retry-After</c> to whole seconds, even to 0, and also state the end of the window, some of them exactly.</remarks>
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

    /// <summary>The same hint after this much time has passed.</summary>
    public RateHint After(TimeSpan elapsed)
    {
        if (elapsed <= TimeSpan.Zero || this is { RetryAfter: null, Budgets: null })
            return this;

        // A wait that has passed meanwhile differs from a wait of zero: the API did name a time.
        TimeSpan? left = RetryAfter is not { } told || told == TimeSpan.Zero ? RetryAfter : told > elapsed ? told - elapsed : TimeSpan.FromTicks(1);
        var budgets = Budgets?.Where(budget => budget.Reset > elapsed).Select(budget => budget with { Reset = budget.Reset - elapsed }).ToList();
        var isSpent = IsSpent || (SpentUntil(IsNews) is { } end && end <= elapsed);
        return this with { RetryAfter = left, Budgets = budgets is { Count: > 0 } ? budgets : null, IsSpent = isSpent };
    }

    /// <summary>Where one call at a time is allowed, none is left after each call.</summary>
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
/// <param name="Reset">Time until the API resets its count, from the response on: above zero, at most a day.</param>
/// <param name="Limit">What the API allows in a whole window; null when it does not say.</param>
public readonly record struct RateBudget(BudgetUnit Unit, int Remaining, TimeSpan Reset, int? Limit = null)
{
    /// <summary>The end was stated more precisely than in whole seconds.</summary>
    public bool IsExact { get; init; }
}
