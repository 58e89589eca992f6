namespace JobService.Ledger;

/// <summary>The first jobs of lanes, without their inputs, so that a start needs no read of rows. Owned by the writer thread; all of it follows from the rows.</summary>
/// <remarks>
/// For a cached lane the first jobs are known: every job that enters or leaves the lane does so here too. Later jobs are read when needed, twice as many each time, so that
/// a rarely used lane takes little memory. Other lanes are not cached; the least recently used lane is dropped first.
/// </remarks>
/// <param name="maxBytes">Approximate maximum bytes in memory.</param>
internal sealed class LaneHeads(long maxBytes = LaneHeads.MaxBytes)
{
    /// <summary>Jobs of a lane that are read at once unless more are needed.</summary>
    public const int MostPerLane = 64;

    /// <summary>The one that may start, and whether there is another after it.</summary>
    private const int LeastWanted = 2;

    private const int FirstRead = 4;

    /// <summary>A hundred thousand jobs at the head of some thousands of lanes.</summary>
    public const long MaxBytes = 32 * 1024 * 1024;

    private readonly Dictionary<(long QueueId, string Key), LinkedListNode<HeldLane>> lanes = [];
    private readonly LinkedList<HeldLane> byUse = [];

    /// <summary>The cached lanes, least recently used first.</summary>
    public IEnumerable<HeldLane> Lanes => byUse;

    public long MemoryBytes { get; private set; }

    /// <summary>The first startable jobs of a lane, in order, at most that many.</summary>
    public List<QueuedRow> First(ILaneRows rows, (long QueueId, string Key) lane, int atMost)
    {
        var held = Use(lane);
        if (!held.Has(atMost))
            Read(rows, [held], atMost);
        return held.First(atMost);
    }

    /// <summary>Prefetches the first jobs of these lanes: those not cached are read at once.</summary>
    public void Expect(ILaneRows rows, IEnumerable<(long QueueId, string Key)> expected)
    {
        var missing = expected.Select(Use).Where(held => !held.Has(LeastWanted)).ToList();
        if (missing.Count > 0)
            Read(rows, missing, LeastWanted);
    }

    /// <summary>A queued job has entered its lane.</summary>
    public void Enter(QueuedRow job)
    {
        if (!lanes.TryGetValue(job.Lane, out var node))
            return;
        var before = node.Value.MemoryBytes;
        node.Value.Enter(job, MostPerLane);
        Account(node.Value.MemoryBytes - before);
    }

    /// <summary>A queued job has left its lane, if it was there: it was claimed, was cancelled or was moved to the wait queue of its lock.</summary>
    public void Leave(QueuedRow job)
    {
        if (!lanes.TryGetValue(job.Lane, out var node))
            return;
        var before = node.Value.MemoryBytes;
        node.Value.Leave(job);
        Account(node.Value.MemoryBytes - before);
    }

    private HeldLane Use((long QueueId, string Key) lane)
    {
        if (lanes.TryGetValue(lane, out var node))
        {
            if (node == byUse.Last)
                return node.Value;
            byUse.Remove(node);
        }
        else
        {
            node = new LinkedListNode<HeldLane>(new HeldLane(lane.QueueId, lane.Key, FirstRead));
            lanes.Add(lane, node);
            MemoryBytes += node.Value.MemoryBytes;
        }

        byUse.AddLast(node);
        return node.Value;
    }

    private void Read(ILaneRows rows, List<HeldLane> missing, int wanted)
    {
        var looks = missing.ConvertAll(held => held.Look(wanted));
        var read = rows.Heads(looks);
        for (var i = 0; i < missing.Count; i++)
        {
            var before = missing[i].MemoryBytes;
            missing[i].Append(read[i], looks[i].AtMost, MostPerLane);
            MemoryBytes += missing[i].MemoryBytes - before;
        }

        Forget();
    }

    private void Account(long bytes)
    {
        MemoryBytes += bytes;
        Forget();
    }

    /// <summary>All but the one used last, which is in use right now.</summary>
    private void Forget()
    {
        while (MemoryBytes > maxBytes && byUse is { First: { } oldest } && oldest != byUse.Last)
        {
            byUse.Remove(oldest);
            lanes.Remove((oldest.Value.QueueId, oldest.Value.Key));
            MemoryBytes -= oldest.Value.MemoryBytes;
        }
    }
}
