using JobService.Limits;

namespace JobService.Lanes;

/// <summary>A limit's state and the lanes that wait for it.</summary>
internal sealed class LimitLine(string name, LimitState state) : Line
{
    public string Name { get; } = name;

    public LimitState State { get; private set; } = state;

    public void Configure(LimitDefinition definition, long now)
    {
        if (!State.Reconfigure(definition, now))
            State = LimitState.For(definition);
    }
}

/// <summary>What one claim has taken of its limits, as they were then.</summary>
public sealed class LimitHold
{
    internal LimitHold(LimitLine[] lines, LimitState[] states, long at, int weight)
    {
        Lines = lines;
        States = states;
        At = at;
        Weight = weight;
    }

    /// <summary>True when others wait for the end of the call: some limit counts calls at once.</summary>
    public bool EndsWithTheCall => Array.Exists(States, state => !state.HandsOutSlots);

    internal LimitLine[] Lines { get; }

    internal LimitState[] States { get; }

    internal long At { get; }

    internal int Weight { get; }
}
