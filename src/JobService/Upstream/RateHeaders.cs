using System.Net.Http.Headers;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>Reads what a response's headers say about future calls, in the dialects found in practice. It ignores what it cannot read, and never throws.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>Retry-After</c> and similar headers: see <see cref="RetryAfter"/>; <c>x-should-retry</c>: OpenAI, Anthropic.</item>
/// <item><c>RateLimit: "p";r=50;t=30</c> with <c>RateLimit-Policy: "p";q=100;w=60</c>: draft-ietf-httpapi-ratelimit-headers, versions 08 and later;
/// <c>RateLimit: limit=100, remaining=50, reset=30</c>: version 07.</item>
/// <item>Headers that belong together by their names: see <see cref="NamedBudgets"/>.</item>
/// <item><c>X-Shopify-Shop-Api-Call-Limit: 32/40</c>: Shopify's leaky bucket.</item>
/// </list>
/// Of several statements about one unit the most restrictive counts: the lowest remaining number, and of equal ones the latest reset.
/// </remarks>
internal static class RateHeaders
{
    private const string Shopify = "X-Shopify-Shop-Api-Call-Limit";

    /// <summary>Shopify's bucket drains at two calls a second or more, and names no time.</summary>
    private static readonly TimeSpan ShopifyReset = TimeSpan.FromSeconds(1);

    /// <param name="headers">The headers of the response that has just arrived.</param>
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

    /// <summary>If the end of a window is stated twice, the more exact statement counts: seconds need no clock. A value truncated to whole seconds may be up to one second too early.</summary>
    private static RateBudget SoonerBy(TimeSpan wait, RateBudget budget)
    {
        var second = TimeSpan.FromSeconds(1);
        var latest = wait.Ticks % TimeSpan.TicksPerSecond == 0 ? wait + second : wait;
        return budget.Reset > latest && budget.Reset - wait < 3 * second ? budget with { Reset = latest } : budget;
    }

    // Most APIs send none of these headers, and their responses cost one look at the names.
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

    /// <param name="headers">The headers of the response.</param>
    /// <param name="clock">The clock that their times refer to.</param>
    /// <param name="isSpent">Whether a budget is used up whose end they do not state.</param>
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

    // No limit is set: the size of the bucket is not what a window of a second allows.
    private static RateBudget? ShopifyBudget(string? text)
    {
        if (text?.Split('/') is not [var used, var size] || HeaderText.Count(used) is not { } taken || HeaderText.Count(size) is not { } all || all == 0)
            return null;
        return new RateBudget(BudgetUnit.Calls, Math.Max(0, all - taken), ShopifyReset);
    }

    /// <summary>Null when one of the two is missing or the reset has passed; but when nothing is left, that is reported even then, with a reset of zero.</summary>
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
