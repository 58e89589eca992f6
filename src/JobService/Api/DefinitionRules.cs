using JobService.Expressions;
using JobService.Jobs;
using JobService.Limits;

namespace JobService.Api;

/// <summary>Validates a queue or a limit, wherever it comes from: the bounds of its fields, and whether its expressions can be parsed.</summary>
internal static class DefinitionRules
{
    private const int MaxExpressionLength = 256;

    public static IReadOnlyList<Violation> Check(LimitDefinition limit) =>
        [.. LimitRules.Check(limit).Select(fault => new Violation(fault.Pointer, fault.Detail)), .. Counts(limit.Counts), .. WeightFrom(limit.WeightFrom)];

    public static IReadOnlyList<Violation> Check(QueueDefinition queue) => [.. QueueRules.Check(queue), .. WeightFrom(queue.WeightFrom)];

    private static IEnumerable<Violation> Counts(string counts)
    {
        if (!Names.IsName(counts))
            yield return new Violation("/counts", $"'weight', 'calls', or the name of one of a job's 'weights': {Names.Wanted}.");
    }

    private static IEnumerable<Violation> WeightFrom(string? expression)
    {
        if (expression is null)
            yield break;
        if (string.IsNullOrWhiteSpace(expression) || expression.Length > MaxExpressionLength)
            yield return new Violation("/weightFrom", $"A JMESPath expression of 1 to {MaxExpressionLength} characters, such as usage.total_tokens.");
        else if (BoundedExpression.Fault(expression) is { } fault)
            yield return new Violation("/weightFrom", fault);
    }
}
