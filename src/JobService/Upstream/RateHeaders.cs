using System.Net.Http.Headers;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>What a response's headers say about the calls to come, in the dialects of the field. What it cannot read it ignores, and nothing it reads makes it throw.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>Retry-After</c> and its kin: see <see cref="RetryAfter"/>; <c>x-should-retry</c>: OpenAI, Anthropic.</item>
/// <item><c>RateLimit: "p";r=50;t=30</c> with <c>RateLimit-Policy: "p";q=100;w=60</c>: draft-ietf-httpapi-ratelimit-headers, versions 08 and later;
/// <c>RateLimit: limit=100, remaining=50, reset=30</c>: version 07.</item>
/// <item>Headers that belong together by their names: see <see cref="NamedBudgets"/>.</item>
/// <item><c>X-Shopify-Shop-Api-Call-Limit: 32/40</c>: Shopify's leaky bucket.</item>
/// </list>
/// Of several statements about one unit the most restrictive counts: what is least, and of those the latest reset.
/// </remarks>
internal static class RateHeaders
{
    private const string Shopify = "X-Shopify-Shop-Api-Call-Limit";

    /// <summary>Shopify's bucket leaks two calls a second or more, and names no time.</summary>
    private static readonly TimeSpan ShopifyReset = TimeSpan.FromSeconds(1);

    /// <param name="headers">Of the response, which has just come.</param>
    /// <param name="server">The clock of the API.</param>
    public static RateHint Read(HttpResponseHeaders headers, ServerClock server)
    {
        if (SaysNothing(headers))
            return default;

        var clock = server.At(headers);
        var wait = RetryAfter.Read(headers, clock);
        var budgets = BudgetsOf(headers, clock, out var isSpent);
        for (var i = 0; wait is not null && i < budgets?.Count; i++)
            budgets[i] = SoonerBy(wait.Value, budgets[i]);
        return new RateHint(wait, budgets, ShouldRetry(headers)) { IsSpent = isSpent, IsUnreadable = wait is null && RetryAfter.IsAskedFor(headers) };
    }

    /// <summary>A window whose end is told twice is over at the end that is told better: seconds need no clock. What was cut to whole seconds is less than one later.</summary>
    private static RateBudget SoonerBy(TimeSpan wait, RateBudget budget)
    {
        var second = TimeSpan.FromSeconds(1);
        var latest = wait.Ticks % TimeSpan.TicksPerSecond == 0 ? wait + second : wait;
        return budget.Reset > latest && budget.Reset - wait < 3 * second ? budget with { Reset = latest } : budget;
    }

    // Most APIs say nothing of all this, and their responses cost one look at the names.
    private static bool SaysNothing(HttpResponseHeaders headers)
    {
        foreach (var (name, _) in headers.NonValidated)
        {
            if (name.Contains("rate", StringComparison.OrdinalIgnoreCase) || name.Contains("retry", StringComparison.OrdinalIgnoreCase)
                || name.Equals(Shopify, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }

    private static bool? ShouldRetry(HttpResponseHeaders headers) =>
        bool.TryParse(HeaderText.Of(headers, "x-should-retry"), out var shouldRetry) ? shouldRetry : null;

    /// <param name="headers">Of the response.</param>
    /// <param name="clock">What they count by.</param>
    /// <param name="isSpent">Nothing is left of a budget whose end they do not tell.</param>
    private static List<RateBudget>? BudgetsOf(HttpResponseHeaders headers, ResponseClock clock, out bool isSpent)
    {
        List<RateBudget>? budgets = null;
        var endless = false;
        foreach (var budget in NamedBudgets.Of(headers, clock))
            Add(budget);
        Add(RateLimitField.Parse(HeaderText.Of(headers, "RateLimit"), HeaderText.Of(headers, "RateLimit-Policy")));
        Add(ShopifyBudget(HeaderText.Of(headers, Shopify)));
        isSpent = endless;
        return budgets;

        void Add(RateBudget? told)
        {
            if (told is not { } budget)
                return;
            if (budget.Reset == TimeSpan.Zero)
            {
                endless |= RateHint.IsNews(budget);
                return;
            }

            budgets ??= [];
            var known = budgets.FindIndex(other => other.Unit == budget.Unit);
            if (known < 0)
                budgets.Add(budget);
            else
                budgets[known] = Tighter(budgets[known], budget)!.Value;
        }
    }

    // No limit is told: what the bucket holds is not what a window of a second allows.
    private static RateBudget? ShopifyBudget(string? text)
    {
        if (text?.Split('/') is not [var used, var size] || HeaderText.Count(used) is not { } taken || HeaderText.Count(size) is not { } all || all == 0)
            return null;
        return new RateBudget(BudgetUnit.Calls, Math.Max(0, all - taken), ShopifyReset);
    }

    /// <summary>Null when one of the two is missing, or when the reset is over; but that nothing is left is told also then, with a reset of zero.</summary>
    internal static RateBudget? Budget(int? remaining, TimeSpan? reset, int? limit = null) => remaining switch
    {
        { } count when reset is { } wait && wait > TimeSpan.Zero => new RateBudget(BudgetUnit.Calls, count, wait, limit),
        0 => new RateBudget(BudgetUnit.Calls, 0, TimeSpan.Zero, limit),
        _ => null,
    };

    internal static RateBudget? Tighter(RateBudget? one, RateBudget? other)
    {
        if (one is not { } left || other is not { } right)
            return one ?? other;
        if (left.Reset == TimeSpan.Zero || right.Reset == TimeSpan.Zero)
            return left.Reset > right.Reset ? left : right;
        if (left.Remaining != right.Remaining)
            return left.Remaining < right.Remaining ? left : right;
        return left.Reset > right.Reset ? left : right;
    }
}
