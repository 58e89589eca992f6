using JobService.Limits;

namespace JobService.Lanes;

/// <summary>What the jobs of a lane take that go before another one.</summary>
/// <param name="Jobs">How many they are.</param>
/// <param name="Weight">What they weigh together.</param>
/// <param name="Named">For each name: what those jobs that give a weight of that name take by it, and what these weigh. Null when none gives any.</param>
public sealed record JobsAhead(long Jobs, long Weight, IReadOnlyDictionary<string, (long Named, long Weight)>? Named = null)
{
    public static JobsAhead None { get; } = new(0, 0);

    /// <summary>What they take of a limit.</summary>
    public long WeightAt(LimitDefinition limit) => limit.Counts switch
    {
        LimitDefinition.Weight => Weight,
        LimitDefinition.Calls => Jobs,
        var name => Named?.TryGetValue(name, out var given) == true ? given.Named + Weight - given.Weight : Weight,
    };
}
