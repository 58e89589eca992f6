namespace JobService.Ledger;

/// <summary>Which rows a turn is going to look at: its commands name them, and the memory adds what time makes due. All of it is fetched at once, before the turn changes anything.</summary>
internal sealed class Wanted
{
    /// <summary>Rows of one kind that time makes due, at most: a flood that comes due at once must not hold up everything else.</summary>
    public const int MostDue = 500;

    /// <summary>Idempotency keys.</summary>
    public HashSet<string> Keys { get; } = [];

    /// <summary>Row numbers of jobs. Each comes with its batch.</summary>
    public HashSet<long> Jobs { get; } = [];

    /// <summary>Row numbers of batches.</summary>
    public HashSet<long> Batches { get; } = [];

    /// <summary>Row numbers of deliveries.</summary>
    public HashSet<long> Deliveries { get; } = [];

    /// <summary>Names of queues that may have been there before.</summary>
    public HashSet<string> RetiredQueues { get; } = [];

    /// <summary>The next steps of the walks; null when nothing is pruned.</summary>
    public PruneLook? Prune { get; set; }

    /// <summary>Queued jobs whose deadline has passed at this moment of the machine's clock; null: none can have.</summary>
    public long? LateBy { get; set; }

    /// <summary>Queued jobs whose moment has come, of store time and of the machine's clock; null: none can have.</summary>
    public (long Now, long Wall)? DueBy { get; set; }

    /// <summary>Signals whose waiting jobs are let go, and how often each had been set.</summary>
    public List<(string Name, long SetCount)> Releasing { get; } = [];

    /// <summary>Batches whose jobs are told to stop: they come with them.</summary>
    public HashSet<long> Stopping { get; } = [];

    /// <summary>First jobs of the wait queues of locks.</summary>
    public HashSet<LockLook> Locks { get; } = [];

    public bool IsEmpty =>
        Keys.Count + Jobs.Count + Batches.Count + Deliveries.Count + RetiredQueues.Count + Releasing.Count + Stopping.Count + Locks.Count == 0 && Prune is null && LateBy is null && DueBy is null;
}

/// <summary>A question for the first job of a lock's wait queue.</summary>
/// <param name="Name">The lock.</param>
/// <param name="Lane">The first one of this lane; null: of all.</param>
internal readonly record struct LockLook(string Name, (long QueueId, string Key)? Lane = null);

/// <summary>One step of the walks for rows that nobody needs any more.</summary>
/// <param name="Walks">Where they have come to.</param>
/// <param name="Newest">No job of this row number or a higher one has ended before <paramref name="FinishedBefore"/>.</param>
/// <param name="FinishedBefore">Ticks of store time.</param>
/// <param name="AtMost">Jobs that are wanted, and as many batches.</param>
/// <param name="Looks">Rows looked at, at most.</param>
internal sealed record PruneLook(PruneWalks Walks, long Newest, long FinishedBefore, int AtMost, int Looks);
