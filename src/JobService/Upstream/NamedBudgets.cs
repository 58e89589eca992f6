using System.Net.Http.Headers;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>Budgets whose parts are in separate headers: what is left, until when, and out of how many. Headers belong together when their names are otherwise the same.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><c>RateLimit-Remaining</c>, <c>-Reset</c>, <c>-Limit</c> (the draft up to version 06), <c>X-RateLimit-…</c>, <c>X-Rate-Limit-…</c>: nearly all APIs; GitHub in epoch seconds.</item>
/// <item><c>X-RateLimit-Reset-After</c>: Discord, where the accompanying reset is less exact.</item>
/// <item><c>x-ratelimit-remaining-requests</c>, <c>x-ratelimit-reset-requests: 6m0s</c>, the same for tokens: OpenAI, Groq; <c>…-tokens-minute</c>: Cerebras.</item>
/// <item><c>X-RateLimit-Retry-After</c> where there is no reset: Symfony's documentation.</item>
/// <item><c>anthropic-ratelimit-input-tokens-remaining</c>, <c>-reset</c>, <c>-limit</c>: Anthropic.</item>
/// <item><c>X-RateLimit-Remaining-short</c>: the throttler of that name (@nestjs/throttler).</item>
/// <item><c>X-RateLimit-UserRemaining</c>, <c>-PathRemaining</c>, <c>-UserPathRemaining</c>, with epoch milliseconds: hapi-rate-limit; <c>X-RateLimit-UserRemaining</c> with seconds: Imgur.</item>
/// </list>
/// </remarks>
internal static class NamedBudgets
{
    /// <summary>Only the first groups of a long list of headers are read.</summary>
    private const int MaxGroups = 32;

    // A word that contains another comes before it. "rate-limit" is skipped first, so that "limit" is not found in it.
    private static readonly (string Word, Part Part)[] Words =
        [("remaining", Part.Remaining), ("reset-after", Part.ResetAfter), ("reset", Part.Reset), ("retry-after", Part.RetryAfter), ("limit", Part.Limit)];

    private enum Part
    {
        Remaining,
        ResetAfter,
        Reset,
        RetryAfter,
        Limit,
    }

    public static IEnumerable<RateBudget> Of(HttpResponseHeaders headers, ResponseClock clock)
    {
        List<Group>? groups = null;
        foreach (var (name, values) in headers.NonValidated)
        {
            if (PartOf(name) is not var (part, group))
                continue;
            groups ??= [];
            var known = groups.Find(other => other.Name.Equals(group, StringComparison.OrdinalIgnoreCase));
            if (known is null && groups.Count < MaxGroups)
                groups.Add(known = new Group(group));
            known?.Texts[(int)part] = values.ToString();
        }

        return groups?.Select(group => group.Budget(clock)).OfType<RateBudget>() ?? [];
    }

    /// <summary>What the header states, and its name without the word for it.</summary>
    private static (Part Part, string Group)? PartOf(string name)
    {
        if ((EndOf(name, "ratelimit") ?? EndOf(name, "rate-limit")) is not { } from)
            return null;
        foreach (var (word, part) in Words)
        {
            if (name.IndexOf(word, from, StringComparison.OrdinalIgnoreCase) is var at and >= 0)
                return (part, string.Concat(name.AsSpan(0, at), "*", name.AsSpan(at + word.Length)));
        }

        return null;
    }

    private static int? EndOf(string name, string marker) =>
        name.IndexOf(marker, StringComparison.OrdinalIgnoreCase) is var at and >= 0 ? at + marker.Length : null;

    private sealed record Group(string Name)
    {
        public string?[] Texts { get; } = new string?[Words.Length];

        public RateBudget? Budget(ResponseClock clock)
        {
            if (Texts[(int)Part.Remaining] is not { } remaining)
                return null;

            // "100, 100;w=60": the draft's first versions name the window next to the number. A negative limit counts as none.
            var limitText = Texts[(int)Part.Limit]?.Split(',', ';')[0].Trim();
            if (limitText?.StartsWith('-') == true)
                return null;
            var budget = Ending(remaining, Texts[(int)Part.ResetAfter], clock) ?? Ending(remaining, Texts[(int)Part.Reset] ?? Texts[(int)Part.RetryAfter], clock) ?? Endless(remaining);
            // With several windows it is unknown to which one the limit belongs.
            var limit = limitText is null || remaining.Contains(',') ? null : HeaderText.Count(limitText);
            return budget is { } told ? told with { Unit = Unit(), Limit = limit } : null;
        }

        /// <summary>Several values belong together by position: one for each window, as some gateways write them.</summary>
        private static RateBudget? Ending(string remaining, string? reset, ResponseClock clock)
        {
            if (reset is null)
                return null;

            var (counts, resets) = (remaining.Split(','), reset.Split(','));
            if (counts.Length != resets.Length || counts.Length == 1)
                return Single(HeaderText.Once(remaining), HeaderText.Once(reset), clock);

            RateBudget? tightest = null;
            for (var i = 0; i < counts.Length; i++)
                tightest = RateHeaders.Tighter(tightest, Single(counts[i], resets[i], clock));
            return tightest;
        }

        private static RateBudget? Single(string remaining, string reset, ResponseClock clock) =>
            TimeText.Parse(reset) is { } told && RateHeaders.Budget(HeaderText.Count(remaining), told.AsReset(clock)) is { } budget ? budget with { IsExact = told.IsExact } : null;

        /// <summary>"Nothing is left" is useful even if it is unknown until when.</summary>
        private static RateBudget? Endless(string remaining) =>
            Array.Exists(remaining.Split(','), static count => HeaderText.Count(count) == 0) ? RateHeaders.Budget(0, reset: null) : null;

        private BudgetUnit Unit() => (Has("token"), Has("input"), Has("output")) switch
        {
            (false, _, _) => BudgetUnit.Calls,
            (_, true, _) => BudgetUnit.InputTokens,
            (_, _, true) => BudgetUnit.OutputTokens,
            _ => BudgetUnit.Tokens,
        };

        private bool Has(string word) => Name.Contains(word, StringComparison.OrdinalIgnoreCase);
    }
}
