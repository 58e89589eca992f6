using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>A window limit and what happens to it.</summary>
internal sealed record WindowStory(WindowDefinition Definition, WindowStep[] Steps)
{
    public const long Begin = RateStory.Begin;

    private static readonly Gen<WindowDefinition> definitions = Gen.Select(Gen.Int[1, 30], Gen.Int[1, 5_000], (permits, milliseconds) =>
        new WindowDefinition { Permits = permits, PeriodSeconds = milliseconds / 1_000.0 });

    private static readonly Gen<WindowStep> steps = Gen.Select(
        Gen.Frequency((5, Gen.Const(0.0)), (5, Gen.Double[0, 0.3]), (1, Gen.Double[0, 3])),
        Gen.Int[0, 29],
        Gen.Double[0, 1],
        Gen.Int[0, 9],
        Gen.Double[0, 0.2],
        (wait, weight, late, fate, ahead) => new WindowStep(wait, weight, late, fate, ahead));

    public static Gen<WindowStory> Any { get; } = Gen.Select(definitions, steps.Array[1, 50], (definition, steps) => new WindowStory(definition, steps));

    /// <summary>The moments and weights asked for: moments never run backwards, weights fit.</summary>
    public IEnumerable<(long From, int Weight, WindowStep Step)> Asked()
    {
        var now = Begin;
        var period = new WindowModel(Definition).Period;
        foreach (var step in Steps)
        {
            now += (long)(step.Wait * period);
            yield return (now, 1 + (step.Weight % Definition.Permits), step);
        }
    }
}

/// <param name="Wait">Periods that pass first.</param>
/// <param name="Weight">Wanted, before it is cut to what fits.</param>
/// <param name="Late">Share of the lateness that is allowed.</param>
/// <param name="Fate">What becomes of the start, or what else happens.</param>
/// <param name="Ahead">Periods that another limit moves the slot ahead.</param>
internal sealed record WindowStep(double Wait, int Weight, double Late, int Fate, double Ahead);
