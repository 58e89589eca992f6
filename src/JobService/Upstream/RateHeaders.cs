using System.Globalization;
using System.Net.Http.Headers;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>What an answer's headers say about the calls to come, in the dialects of the field. Pure; what it cannot read it ignores, and nothing it reads makes it throw.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>Retry-After</c>: RFC 9110, section 10.2.3.</item>
/// <item><c>RateLimit: "p";r=50;t=30</c> with <c>RateLimit-Policy: "p";q=100;w=60</c>: draft-ietf-httpapi-ratelimit-headers, versions 08 and later;
/// <c>RateLimit: limit=100, remaining=50, reset=30</c>: version 07; <c>RateLimit-Remaining</c>, <c>RateLimit-Reset</c>: up to version 06.</item>
/// <item><c>X-RateLimit-Remaining</c>, <c>X-RateLimit-Reset</c> (and <c>X-Rate-Limit-…</c>): GitHub in epoch seconds, others in seconds; <c>X-RateLimit-Reset-After</c>: Discord.</item>
/// <item><c>x-ratelimit-remaining-requests</c>, <c>x-ratelimit-reset-requests: 6m0s</c>, the same for tokens: OpenAI; <c>anthropic-ratelimit-requests-remaining</c>: Anthropic.</item>
/// <item><c>X-Shopify-Shop-Api-Call-Limit: 32/40</c>: Shopify's leaky bucket.</item>
/// </list>
/// Of several statements the most restrictive counts: the fewest calls, and of those the latest reset.
/// </remarks>
public static class RateHeaders
{
    /// <summary>No API allows so many calls that more would make a difference.</summary>
    private const int MaxRemaining = 1_000_000_000;

    /// <summary>Shopify's bucket leaks two calls a second or more, and names no time.</summary>
    private static readonly TimeSpan ShopifyReset = TimeSpan.FromSeconds(1);

    /// <param name="Unit">What the headers count.</param>
    /// <param name="Remaining">Name of the header with what is left.</param>
    /// <param name="Reset">Names of the header with the time, the better one first.</param>
    /// <param name="Limit">Name of the header with what a whole window allows.</param>
    private sealed record Group(BudgetUnit Unit, string Remaining, string[] Reset, string Limit);

    private static readonly Group[] Groups =
    [
        new(BudgetUnit.Calls, "RateLimit-Remaining", ["RateLimit-Reset"], "RateLimit-Limit"),
        new(BudgetUnit.Calls, "X-RateLimit-Remaining", ["X-RateLimit-Reset-After", "X-RateLimit-Reset"], "X-RateLimit-Limit"),
        new(BudgetUnit.Calls, "X-Rate-Limit-Remaining", ["X-Rate-Limit-Reset"], "X-Rate-Limit-Limit"),
        new(BudgetUnit.Calls, "x-ratelimit-remaining-requests", ["x-ratelimit-reset-requests"], "x-ratelimit-limit-requests"),
        new(BudgetUnit.Tokens, "x-ratelimit-remaining-tokens", ["x-ratelimit-reset-tokens"], "x-ratelimit-limit-tokens"),
        Anthropic(BudgetUnit.Calls, "requests"),
        Anthropic(BudgetUnit.Tokens, "tokens"),
        Anthropic(BudgetUnit.InputTokens, "input-tokens"),
        Anthropic(BudgetUnit.OutputTokens, "output-tokens"),
    ];

    private static Group Anthropic(BudgetUnit unit, string what) =>
        new(unit, $"anthropic-ratelimit-{what}-remaining", [$"anthropic-ratelimit-{what}-reset"], $"anthropic-ratelimit-{what}-limit");

    /// <param name="headers">Of the answer.</param>
    /// <param name="now">The wall clock: what dates and epoch times are compared with.</param>
    public static RateHint Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        var wait = RetryAfter.Parse(TextOf(headers, "Retry-After"), now);
        return new RateHint(wait, SaysNothing(headers) ? null : BudgetsOf(headers, now));
    }

    // Most APIs say nothing of all this, and their answers cost one look at the names.
    private static bool SaysNothing(HttpResponseHeaders headers)
    {
        foreach (var (name, _) in headers.NonValidated)
        {
            if (name.Contains("rate", StringComparison.OrdinalIgnoreCase) || name.StartsWith("X-Shopify", StringComparison.OrdinalIgnoreCase))
                return false;
        }

        return true;
    }

    private static List<RateBudget>? BudgetsOf(HttpResponseHeaders headers, DateTimeOffset now)
    {
        List<RateBudget>? budgets = null;
        foreach (var group in Groups)
            Add(BudgetOf(headers, group, now));
        Add(RateLimitField.Parse(TextOf(headers, "RateLimit"), TextOf(headers, "RateLimit-Policy")));
        Add(ShopifyBudget(TextOf(headers, "X-Shopify-Shop-Api-Call-Limit")));
        return budgets;

        void Add(RateBudget? told)
        {
            if (told is not { } budget)
                return;
            budgets ??= [];
            var known = budgets.FindIndex(other => other.Unit == budget.Unit);
            if (known < 0)
                budgets.Add(budget);
            else
                budgets[known] = Tighter(budgets[known], budget)!.Value;
        }
    }

    private static RateBudget? BudgetOf(HttpResponseHeaders headers, Group group, DateTimeOffset now)
    {
        if (TextOf(headers, group.Remaining) is not { } remaining)
            return null;

        foreach (var name in group.Reset)
        {
            if (TextOf(headers, name) is { } reset && BudgetOf(remaining, reset, now) is { } budget)
                return budget with { Unit = group.Unit, Limit = TextOf(headers, group.Limit) is { } limit ? CountOf(limit) : null };
        }

        return null;
    }

    /// <summary>Several values belong together by their place: one for each window, as some gateways write them.</summary>
    private static RateBudget? BudgetOf(string remaining, string reset, DateTimeOffset now)
    {
        if (!remaining.Contains(','))
            return Budget(CountOf(remaining), ResetTime.Parse(reset, now));

        var (counts, resets) = (remaining.Split(','), reset.Split(','));
        if (counts.Length != resets.Length)
            return null;

        RateBudget? tightest = null;
        for (var i = 0; i < counts.Length; i++)
            tightest = Tighter(tightest, Budget(CountOf(counts[i]), ResetTime.Parse(resets[i], now)));
        return tightest;
    }

    private static RateBudget? ShopifyBudget(string? text)
    {
        if (text?.Split('/') is not [var used, var size] || CountOf(used) is not { } taken || CountOf(size) is not { } all)
            return null;
        return all > 0 && taken >= all ? new RateBudget(BudgetUnit.Calls, 0, ShopifyReset) : null;
    }

    /// <summary>Null when one of the two is missing, or when the reset is over.</summary>
    internal static RateBudget? Budget(int? remaining, TimeSpan? reset) =>
        remaining is { } count && reset is { } wait && wait > TimeSpan.Zero ? new RateBudget(BudgetUnit.Calls, count, wait) : null;

    internal static RateBudget? Tighter(RateBudget? one, RateBudget? other)
    {
        if (one is not { } left || other is not { } right)
            return one ?? other;
        if (left.Remaining != right.Remaining)
            return left.Remaining < right.Remaining ? left : right;
        return left.Reset > right.Reset ? left : right;
    }

    /// <summary>A number from 0, whole or not; null for anything else.</summary>
    private static int? CountOf(string text)
    {
        text = text.Trim();
        // A digit first, because double also reads "NaN" and "Infinity".
        return text.Length > 0 && char.IsAsciiDigit(text[0]) && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            ? WholeCalls(count)
            : null;
    }

    internal static int WholeCalls(double count) => (int)Math.Min(count, MaxRemaining);

    private static string? TextOf(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
