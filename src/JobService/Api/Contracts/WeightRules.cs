using JobService.Jobs;
using JobService.Limits;

namespace JobService.Api.Contracts;

/// <summary>The rules for a job's weights by name.</summary>
internal static class WeightRules
{
    private const int MaxCount = 16;

    public static IEnumerable<Violation> Check(IReadOnlyDictionary<string, int>? weights)
    {
        if (weights is null)
            yield break;
        if (weights.Count > MaxCount)
            yield return new Violation("/weights", $"At most {MaxCount} names.");

        foreach (var (name, weight) in weights.Take(MaxCount))
        {
            if (LimitDefinition.IsReserved(name))
                yield return new Violation(Pointers.Under("/weights", name), "A reserved name: limits that count weight take the job's 'weight', and those that count calls take 1. Leave it out.");
            else if (!Names.IsName(name))
                yield return new Violation(Pointers.Under("/weights", name), $"The name that a limit counts: {Names.Wanted}.");
            if (weight < 1)
                yield return new Violation(Pointers.Under("/weights", name), "A whole number, at least 1.");
        }
    }
}
