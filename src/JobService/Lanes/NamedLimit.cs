using JobService.Limits;

namespace JobService.Lanes;

/// <summary>A named limit: one state for all jobs, or one for each key in use.</summary>
internal sealed class NamedLimit
{
    private readonly Dictionary<string, LimitLine> lines = [];
    private int beginningsBefore;
    private long begunIn = -1;

    public NamedLimit(string name, LimitDefinition definition)
    {
        Name = name;
        Definition = definition;
    }

    public string Name { get; }

    public LimitDefinition Definition { get; private set; }

    /// <summary>How often the limit was reset because its kind or scope changed.</summary>
    public int Beginnings { get; private set; }

    /// <summary>The same before a turn, restored if the turn is rolled back.</summary>
    public int BeginningsBefore(long turn) => begunIn == turn ? beginningsBefore : Beginnings;

    public bool IsPerKey => Definition.Scope == LimitScope.PerKey;

    /// <summary>The queues that use it.</summary>
    public IReadOnlyList<QueueLanes> Queues { get; set; } = [];

    /// <summary>Whether several queues share it.</summary>
    public bool IsNamedBySeveral => Queues.Count > 1;

    public IReadOnlyCollection<LimitLine> Lines => lines.Values;

    /// <summary>What a job takes: at most all of the limit, even if the limit was larger when the job was accepted.</summary>
    public int WeightOf(int weight, IReadOnlyDictionary<string, int>? weights) => Math.Min(Definition.WeightOf(weight, weights), Definition.MaxWeight);

    public LimitLine? Find(string key) => lines.GetValueOrDefault(IsPerKey ? key : "");

    public LimitLine LineOf(string key)
    {
        var own = IsPerKey ? key : "";
        if (!lines.TryGetValue(own, out var line))
            lines.Add(own, line = new LimitLine(this, own, LimitState.For(Definition)));
        return line;
    }

    /// <summary>Forgets a state, unless the key has a newer one: a call may still hold the old one.</summary>
    public void Forget(LimitLine line)
    {
        if (lines.GetValueOrDefault(line.Key) == line)
            lines.Remove(line.Key);
    }

    /// <summary>Continues with another definition.</summary>
    /// <param name="definition">The new definition.</param>
    /// <param name="now">The moment.</param>
    /// <param name="turn">The turn that changes it.</param>
    /// <returns>False when what was taken is no longer meaningful, because the kind or the scope has changed: the states are new.</returns>
    public bool Configure(LimitDefinition definition, long now, long turn)
    {
        var keeps = definition.Scope == Definition.Scope && definition.GetType() == Definition.GetType();
        var recounts = definition.Counts != Definition.Counts;
        Definition = definition;
        foreach (var line in lines.Values)
        {
            if (recounts)
                line.ForgetTurns();
            if (keeps && line.State.Reconfigure(definition, now))
                continue;
            keeps = false;
            line.State = LimitState.For(definition);
            line.IsStored = false;
        }

        if (!keeps)
            BeginAnew(turn);
        return keeps;
    }

    /// <summary>The limit was deleted. Another one may have been created under its name: calls that hold something of this one do not affect that.</summary>
    public bool IsRetired { get; private set; }

    public void Retire(long turn)
    {
        IsRetired = true;
        BeginAnew(turn);
    }

    /// <summary>States of another scope: no lane waits for them any more.</summary>
    public void ForgetAll() => lines.Clear();

    private void BeginAnew(long turn)
    {
        if (begunIn != turn)
            (beginningsBefore, begunIn) = (Beginnings, turn);
        Beginnings++;
    }
}
