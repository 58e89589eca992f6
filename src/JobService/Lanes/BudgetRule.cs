using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Which limits what an API says is left concerns: see docs/decisions/0019.</summary>
internal static class BudgetRule
{
    private static readonly string[] Input = ["input", "prompt"];
    private static readonly string[] Output = ["output", "completion"];

    /// <param name="limit">The limit.</param>
    /// <param name="queueWeightFrom">What the queue says for limits that do not say themselves what a call has cost.</param>
    /// <param name="unit">What the API counts.</param>
    public static bool Counts(LimitDefinition limit, string? queueWeightFrom, BudgetUnit unit)
    {
        // A weight that nothing settles may be anything: the API's calls are the better guess.
        var tokens = limit.Counts switch
        {
            LimitDefinition.Calls => null,
            LimitDefinition.Weight => limit.IsHeld ? null : limit.WeightFrom ?? queueWeightFrom,
            var name => $"{name} {limit.WeightFrom}",
        };
        if (tokens is null)
            return unit == BudgetUnit.Calls;
        return unit switch
        {
            BudgetUnit.Tokens => true,
            BudgetUnit.InputTokens => Speaks(tokens, Input) && !Speaks(tokens, Output),
            BudgetUnit.OutputTokens => Speaks(tokens, Output) && !Speaks(tokens, Input),
            BudgetUnit.Calls => false,
        };
    }

    private static bool Speaks(string text, string[] words) => Array.Exists(words, word => text.Contains(word, StringComparison.OrdinalIgnoreCase));
}
