using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Tests.Lanes;

public sealed class BudgetRuleTests
{
    [Theory]
    [InlineData("weight", null, null, "Calls")]
    [InlineData("calls", null, "usage.total_tokens", "Calls")]
    [InlineData("weight", "usage.total_tokens", null, "Tokens")]
    [InlineData("weight", null, "usage.total_tokens", "Tokens")]
    [InlineData("weight", "usage.input_tokens", null, "Tokens InputTokens")]
    [InlineData("inputTokens", null, null, "Tokens InputTokens")]
    [InlineData("outputTokens", null, null, "Tokens OutputTokens")]
    [InlineData("in", "usage.prompt_tokens", null, "Tokens InputTokens")]
    [InlineData("tokens", "usage.input_tokens + usage.output_tokens", null, "Tokens")]
    public void A_limit_is_steered_by_what_it_counts(string counts, string? weightFrom, string? queueWeightFrom, string units)
    {
        var limit = new WindowDefinition { Permits = 1, Counts = counts, WeightFrom = weightFrom };

        Assert.Equal(units.Split(' '), Enum.GetValues<BudgetUnit>().Where(unit => BudgetRule.Counts(limit, queueWeightFrom, unit)).Select(unit => unit.ToString()));
    }
}
