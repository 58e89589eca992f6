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

/// <summary>What one running call holds of its limits, as they were when it was claimed.</summary>
public sealed class LimitHold
{
    internal LimitHold(LimitLine[] lines, LimitState[] states, int weight)
    {
        Lines = lines;
        States = states;
        Weight = weight;
    }

    internal LimitLine[] Lines { get; }

    internal LimitState[] States { get; }

    internal int Weight { get; }
}
