using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>A limit and what is asked of it: each step waits a part of T, then wants a weight.</summary>
internal sealed record RateStory(RateDefinition Definition, RateStep[] Steps)
{
    public const long Begin = 639_000_000_000_000_000;

    private static readonly Gen<RateDefinition> definitions =
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 5_000], Gen.Int[1, 8], (permits, milliseconds, burst) =>
            new RateDefinition { Permits = permits, PeriodSeconds = milliseconds / 1_000.0, Burst = burst });

    private static readonly Gen<RateStep> steps =
        Gen.Select(Gen.Frequency((3, Gen.Const(0.0)), (4, Gen.Double[0, 2]), (1, Gen.Double[0, 20])), Gen.Int[0, 7], (wait, weight) => new RateStep(wait, weight));

    public static Gen<RateStory> Any { get; } = Gen.Select(definitions, steps.Array[1, 40], (definition, asked) => new RateStory(definition, asked));

    /// <summary>The moments and weights asked for: moments never run backwards, weights fit.</summary>
    public IEnumerable<(long From, int Weight)> Asked()
    {
        var from = Begin;
        var interval = new RateModel(Definition).Interval;
        foreach (var step in Steps)
        {
            from += (long)(step.Wait * interval);
            yield return (from, 1 + (step.Weight % Definition.Burst));
        }
    }
}

internal sealed record RateStep(double Wait, int Weight);
