using JobService.Limits;

namespace JobService.Lanes;

/// <summary>A named limit: one state for all jobs, or one for each key in use.</summary>
internal sealed class NamedLimit
{
    private readonly Dictionary<string, LimitWaitQueue> waitQueues = [];
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

    public IReadOnlyCollection<LimitWaitQueue> WaitQueues => waitQueues.Values;

    /// <summary>The states of keys that have no row of their own are paid back by this moment, as far as is stored: in ticks of store time, for a rate of each key.</summary>
    public long CommonUntil { get; private set; }

    /// <summary>What a key without a row may have handed out before the states were read: its state begins with it.</summary>
    private long inheritedUntil;

    /// <summary>What a job takes: at most all of the limit, even if the limit was larger when the job was accepted.</summary>
    public int WeightOf(int weight, IReadOnlyDictionary<string, int>? weights) => Math.Min(Definition.WeightOf(weight, weights), Definition.MaxWeight);

    public LimitWaitQueue? Find(string key) => waitQueues.GetValueOrDefault(IsPerKey ? key : "");

    public LimitWaitQueue WaitQueueOf(string key)
    {
        var own = IsPerKey ? key : "";
        if (!waitQueues.TryGetValue(own, out var waitQueue))
            waitQueues.Add(own, waitQueue = new LimitWaitQueue(this, own, inheritedUntil > 0 ? Inherited() : LimitState.For(Definition)));
        return waitQueue;
    }

    /// <summary>A state without a row of its own is paid back at this moment.</summary>
    /// <returns>True when that is later than what is stored.</returns>
    public bool RaiseCommon(long until)
    {
        if (until <= CommonUntil)
            return false;
        CommonUntil = until;
        return true;
    }

    /// <summary>Restores what the keys without a row may have handed out.</summary>
    /// <param name="until">What was stored as <see cref="CommonUntil"/>.</param>
    /// <param name="now">See <see cref="LimitState.Restore"/>.</param>
    public void RestoreCommon(long until, long now)
    {
        if (!IsPerKey || Definition is not RateDefinition)
            return;
        var state = LimitState.For(Definition);
        state.Restore(StoredLimit.TakenBy(until), now);
        CommonUntil = inheritedUntil = state.ToStored().TakenUntil;
    }

    /// <summary>What was stored of one key: its row may be older than what it has handed out without one.</summary>
    public StoredLimit WithCommon(in StoredLimit stored) => stored with { TakenUntil = Math.Max(stored.TakenUntil, inheritedUntil) };

    /// <summary>Forgets a state, unless the key has a newer one: a call may still hold the old one.</summary>
    public void Forget(LimitWaitQueue waitQueue)
    {
        if (waitQueues.GetValueOrDefault(waitQueue.Key) == waitQueue)
            waitQueues.Remove(waitQueue.Key);
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
        var inherited = inheritedUntil > 0 ? Inherited() : null;
        Definition = definition;
        inheritedUntil = keeps && inherited?.Reconfigure(definition, now) == true ? inherited.ToStored().TakenUntil : 0;
        CommonUntil = Math.Max(CommonUntil, inheritedUntil);
        foreach (var waitQueue in waitQueues.Values)
        {
            if (recounts)
                waitQueue.ForgetTurns();
            if (keeps && waitQueue.State.Reconfigure(definition, now))
                continue;
            keeps = false;
            waitQueue.State = LimitState.For(definition);
            waitQueue.IsStored = false;
        }

        if (!keeps)
            BeginAnew(turn);
        return keeps;
    }

    private LimitState Inherited()
    {
        var state = LimitState.For(Definition);
        state.Restore(StoredLimit.TakenBy(inheritedUntil), inheritedUntil);
        return state;
    }

    /// <summary>The limit was deleted. Another one may have been created under its name: calls that hold something of this one do not affect that.</summary>
    public bool IsRetired { get; private set; }

    public void Retire(long turn)
    {
        IsRetired = true;
        BeginAnew(turn);
    }

    /// <summary>States of another scope: no lane waits for them any more.</summary>
    public void ForgetAll() => waitQueues.Clear();

    private void BeginAnew(long turn)
    {
        (CommonUntil, inheritedUntil) = (0, 0);
        if (begunIn != turn)
            (beginningsBefore, begunIn) = (Beginnings, turn);
        Beginnings++;
    }
}
