using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>The writer's state in memory, next to the rows: the planner, the queues with their counts, the running jobs. Owned by the writer thread.</summary>
/// <remarks>All of it follows from the rows: after a failed turn it is discarded and read again.</remarks>
internal sealed class LedgerMemory
{
    public const long Never = LimitState.Never;

    private readonly Dictionary<string, QueueRow> queuesByName = [];
    private readonly Dictionary<long, QueueRow> queuesById = [];

    /// <summary>Identifies this memory within the process.</summary>
    public long Number { get; init; }

    public LanePlanner Planner { get; } = new();

    /// <summary>Lanes of which only the beginning was counted when the memory was read.</summary>
    public List<LaneFound> Uncounted { get; } = [];

    public LaneHeads Heads { get; } = new();

    public Dictionary<string, LimitRow> Limits { get; } = [];

    public Dictionary<long, RunningJob> Running { get; } = [];

    /// <summary>Attempts whose end this turn writes: if the turn fails they keep running, and hold what they held.</summary>
    public Dictionary<long, RunningJob> Ending { get; } = [];

    /// <summary>Leases above this one were claimed by a turn that is not known to be committed: if it is, nobody runs those jobs.</summary>
    public long LastHandedOut { get; set; } = long.MaxValue;

    public LockTable Locks { get; } = new();

    public SignalTable Signals { get; } = new();

    /// <summary>Batches, by row number, whose jobs are still being told to stop.</summary>
    public HashSet<long> StoppingBatches { get; } = [];

    public IReadOnlyCollection<QueueRow> Queues => queuesByName.Values;

    /// <summary>Earliest <c>due_at</c> of a queued job, in store time.</summary>
    public long NextDueAt { get; set; } = Never;

    /// <summary>Earliest <c>due_at</c> of those given in the machine's clock.</summary>
    public long NextDueOnWallAt { get; set; } = Never;

    /// <summary>Earliest <c>start_before</c> of a queued job, by the machine's clock.</summary>
    public long NextDeadlineAt { get; set; } = Never;

    /// <summary>A job is queued, again or for the first time: its due time and its deadline are noted.</summary>
    public void Expect(long? dueAt, long? startBefore, long? dueOnWallAt = null)
    {
        NextDueOnWallAt = Math.Min(NextDueOnWallAt, dueOnWallAt ?? Never);
        NextDueAt = Math.Min(NextDueAt, dueAt ?? Never);
        NextDeadlineAt = Math.Min(NextDeadlineAt, startBefore ?? Never);
    }

    /// <summary>When the next turn is due if no command arrives; <see cref="Never"/> when none is.</summary>
    /// <param name="now">Ticks of store time.</param>
    /// <param name="wall">Ticks of the machine's clock; a step of it starts a turn by itself.</param>
    /// <param name="isClaiming">A claim is pending: planner and locks count, too.</param>
    public long NextTurnAt(long now, long wall, bool isClaiming)
    {
        var next = NextDueAt;
        if (Math.Min(NextDueOnWallAt, NextDeadlineAt) is < Never and var onWall)
            next = Math.Min(next, now + Math.Max(0, onWall - wall));
        return isClaiming ? Math.Min(next, Math.Min(Planner.NextWake, Locks.NextOfferAt)) : next;
    }

    /// <summary>The highest revision in force; the next change gets the one after.</summary>
    public long LastRevision { get; set; }

    /// <summary>The highest number of any queue; the next one gets the one after.</summary>
    public long LastQueue { get; set; }

    public PruneWalks Walks { get; } = new();

    /// <summary>The highest number of any callback's delivery; the next one gets a higher one.</summary>
    public long LastDelivery { get; set; }

    public QueueRow? FindQueue(string name) => queuesByName.GetValueOrDefault(name);

    public QueueRow Queue(long id) => queuesById[id];

    /// <summary>Null for a queue that was deleted: only finished jobs name it.</summary>
    public QueueRow? FindQueue(long id) => queuesById.GetValueOrDefault(id);

    public void Enter(QueueRow queue)
    {
        queuesByName[queue.Entry.Name] = queue;
        queuesById[queue.Id] = queue;
        LastRevision = Math.Max(LastRevision, queue.Entry.Revision);
        Planner.PutQueue(queue.Entry.Name, queue.Entry.Definition, queue.Entry.Paused);
    }

    /// <returns>False when what was taken of the limit is no longer meaningful.</returns>
    public bool Enter(LimitRow limit, long now)
    {
        Limits[limit.Entry.Name] = limit;
        LastRevision = Math.Max(LastRevision, limit.Entry.Revision);
        return Planner.PutLimit(limit.Entry.Name, limit.Entry.Definition, now);
    }

    public void Remove(QueueRow queue)
    {
        queuesByName.Remove(queue.Entry.Name);
        queuesById.Remove(queue.Id);
        Planner.RemoveQueue(queue.Entry.Name);
    }

    public void RemoveLimit(string name)
    {
        Limits.Remove(name);
        Planner.RemoveLimit(name);
    }

    public Catalog Snapshot() => new(
        queuesByName.ToDictionary(pair => pair.Key, pair => pair.Value.Entry),
        Limits.ToDictionary(pair => pair.Key, pair => pair.Value.Entry))
    {
        Revision = LastRevision,
    };
}

/// <summary>An attempt that holds a lease.</summary>
internal sealed class RunningJob(QueuedRow job, QueueRow queue, long startedAt, LimitHold hold)
{
    /// <summary>As it was claimed.</summary>
    public QueuedRow Job { get; } = job;

    public JobId Id => Job.Id;

    public QueueRow Queue { get; } = queue;

    public string Key => Job.Key;

    /// <summary>Its slot, or the moment of its claim; later when it is known to have started late.</summary>
    public long StartedAt { get; set; } = startedAt;

    public long ClaimedAt { get; init; }

    /// <summary>Number of this attempt, from 1.</summary>
    public int Attempt => Job.Attempt + 1;

    /// <summary>The first reason for which it was told to stop; null when it was not.</summary>
    public CancelReason? StopReason { get; set; }

    /// <summary>What the call has taken of its limits, if there are any.</summary>
    public LimitHold Hold { get; } = hold;

    /// <summary>The number of attempts that have reached the send, after the end of this one.</summary>
    /// <param name="wasStarted">Whether this one has.</param>
    public int AttemptsBy(bool wasStarted) => wasStarted ? Attempt : Job.Attempt;

    /// <inheritdoc cref="AttemptsBy"/>
    public EndingJob End(bool wasStarted) => new(Id, Queue, Key, AttemptsBy(wasStarted), Job.Batch, Job.HasCallback);
}
