using JobService.Limits;

namespace JobService.Lanes;

/// <summary>What the jobs of a lane that go before another one take.</summary>
/// <param name="Jobs">How many they are.</param>
/// <param name="Weight">What they weigh together.</param>
/// <param name="Named">For each name: the sum of that weight over the jobs that give one, and the sum of their plain weights. Null when no job gives any.</param>
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
