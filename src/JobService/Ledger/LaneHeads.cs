namespace JobService.Ledger;

/// <summary>The first jobs of lanes, without what they send, so that a start needs no look at the rows. Owned by the writer thread; all of it follows from the rows.</summary>
/// <remarks>
/// Of a lane that is held the beginning is known: whoever comes into the lane or leaves it does so here too. What stands behind that is read when it is wanted, each time twice as much, so that
/// a lane that is hardly used is hardly held. Of other lanes nothing is known; the one that nobody has asked for longest is forgotten first.
/// </remarks>
/// <param name="maxBytes">Bytes in memory, about.</param>
internal sealed class LaneHeads(long maxBytes = LaneHeads.MaxBytes)
{
    /// <summary>Jobs that are read of a lane at once when more are not wanted.</summary>
    public const int MostPerLane = 64;

    /// <summary>The one that may start, and whether there is another behind it.</summary>
    private const int LeastWanted = 2;

    private const int FirstRead = 4;

    /// <summary>A hundred thousand jobs at the head of some thousands of lanes.</summary>
    public const long MaxBytes = 32 * 1024 * 1024;

    private readonly Dictionary<(long QueueId, string Key), LinkedListNode<HeldLane>> lanes = [];
    private readonly LinkedList<HeldLane> byUse = [];

    /// <summary>Lanes that are held, those that were not used for longest first.</summary>
    public IEnumerable<HeldLane> Lanes => byUse;

    public long MemoryBytes { get; private set; }

    /// <summary>The first jobs of a lane that may go, in their order, at most so many.</summary>
    public List<QueuedRow> First(ILaneRows rows, (long QueueId, string Key) lane, int atMost)
    {
        var held = Use(lane);
        if (!held.Has(atMost))
            Read(rows, [held], atMost);
        return held.First(atMost);
    }

    /// <summary>The first jobs of these lanes will be asked for: what is not held is read at once.</summary>
    public void Expect(ILaneRows rows, IEnumerable<(long QueueId, string Key)> expected)
    {
        var missing = expected.Select(Use).Where(held => !held.Has(LeastWanted)).ToList();
        if (missing.Count > 0)
            Read(rows, missing, LeastWanted);
    }

    /// <summary>A queued job has come into its lane.</summary>
    public void Enter(QueuedRow job)
    {
        if (!lanes.TryGetValue(job.Lane, out var node))
            return;
        var before = node.Value.MemoryBytes;
        node.Value.Enter(job, MostPerLane);
        Account(node.Value.MemoryBytes - before);
    }

    /// <summary>A queued job has left its lane, if it stood there: it was claimed, was cancelled or has gone aside.</summary>
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

    /// <summary>All but the one used last: it is asked for right now.</summary>
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
