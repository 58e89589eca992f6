namespace JobService.Ledger;

/// <summary>The rows that a turn needs: its commands name them, and the memory adds what has become due. All of them are fetched at once, before the turn changes anything.</summary>
internal sealed class Wanted
{
    /// <summary>Maximum rows of one kind that have become due: a flood of them must not hold up everything else.</summary>
    public const int MostDue = 500;

    /// <summary>Idempotency keys.</summary>
    public HashSet<string> Keys { get; } = [];

    /// <summary>Row numbers of jobs. The batch of each is fetched, too.</summary>
    public HashSet<long> Jobs { get; } = [];

    /// <summary>Row numbers of batches.</summary>
    public HashSet<long> Batches { get; } = [];

    /// <summary>Row numbers of deliveries.</summary>
    public HashSet<long> Deliveries { get; } = [];

    /// <summary>Names of queues that may have been deleted earlier.</summary>
    public HashSet<string> RetiredQueues { get; } = [];

    /// <summary>The next step of pruning; null when nothing is pruned.</summary>
    public PruneQuery? Prune { get; set; }

    /// <summary>Fetches queued jobs whose deadline has passed by this time of the machine's clock; null when there can be none.</summary>
    public long? LateBy { get; set; }

    /// <summary>Fetches queued jobs that are due by these times, of the store and of the machine's clock; null when there can be none.</summary>
    public (long Now, long Wall)? DueBy { get; set; }

    /// <summary>Signals whose waiting jobs are released, and how often each had been set.</summary>
    public List<(string Name, long SetCount)> Releasing { get; } = [];

    /// <summary>Batches whose jobs are told to stop: those jobs are fetched, too.</summary>
    public HashSet<long> Stopping { get; } = [];

    /// <summary>First jobs of the wait queues of locks.</summary>
    public HashSet<LockQuery> Locks { get; } = [];

    /// <summary>Jobs of lanes for the claims of the turn.</summary>
    public List<LaneLook> Lanes { get; } = [];

    public bool IsEmpty =>
        Keys.Count + Jobs.Count + Batches.Count + Deliveries.Count + RetiredQueues.Count + Releasing.Count + Stopping.Count + Locks.Count + Lanes.Count == 0 && Prune is null && LateBy is null && DueBy is null;
}

/// <summary>Asks for the first job of a lock's wait queue.</summary>
/// <param name="Name">The lock.</param>
/// <param name="Lane">Only jobs of this lane; null for all.</param>
internal readonly record struct LockQuery(string Name, (long QueueId, string Key)? Lane = null);

/// <summary>One step of the walks for rows that nobody needs any more.</summary>
/// <param name="Walks">Where they continue.</param>
/// <param name="Newest">No job of this row number or a higher one has ended before <paramref name="FinishedBefore"/>.</param>
/// <param name="FinishedBefore">Ticks of store time.</param>
/// <param name="AtMost">Jobs that are wanted, and as many batches.</param>
/// <param name="MaxRows">Rows to read in each walk, at most.</param>
internal sealed record PruneQuery(PruneWalks Walks, long Newest, long FinishedBefore, int AtMost, int MaxRows);
