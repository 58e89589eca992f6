using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Decides to which limits a remaining budget of an API applies: see docs/decisions/0019.</summary>
internal static class BudgetRule
{
    private static readonly string[] Input = ["input", "prompt"];
    private static readonly string[] Output = ["output", "completion"];

    /// <param name="limit">The limit.</param>
    /// <param name="queueWeightFrom">The expression of the queue for limits without their own.</param>
    /// <param name="unit">What the API counts.</param>
    public static bool Counts(LimitDefinition limit, string? queueWeightFrom, BudgetUnit unit)
    {
        // A weight without an actual cost may mean anything: the API's calls are the better guess.
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
