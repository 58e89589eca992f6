using System.Runtime.InteropServices;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>The first jobs of lanes, without their inputs, so that a start needs no read of rows. Owned by the writer thread; all of it follows from the rows.</summary>
/// <remarks>
/// For a cached lane the first jobs are known: every job that enters or leaves the lane does so here too. A lane that was empty is cached with the first job that enters it. Other lanes, and the jobs
/// behind the cached ones, are read before the turn that follows the one in which they were asked for: all together, and twice as many each time, so that a rarely used lane takes little memory. The
/// least recently used lane is dropped first.
/// </remarks>
/// <param name="maxBytes">Approximate maximum bytes in memory.</param>
internal sealed class LaneHeads(long maxBytes = LaneHeads.MaxBytes)
{
    /// <summary>Jobs of a lane that are cached unless more are asked for.</summary>
    public const int MostPerLane = 64;

    /// <summary>Lanes that are read before one turn, at most.</summary>
    public const int MostLooks = 512;

    /// <summary>Jobs of a lane that one turn may ask for: as many as it may claim of a queue.</summary>
    private const int MostAsked = 512;

    private const int FirstRead = 4;

    /// <summary>A hundred thousand jobs at the head of some thousands of lanes.</summary>
    public const long MaxBytes = 32 * 1024 * 1024;

    private readonly Dictionary<(long QueueId, string Key), LinkedListNode<HeldLane>> lanes = [];
    private readonly LinkedList<HeldLane> byUse = [];

    /// <summary>How many jobs were asked for since the last read, of lanes that have more than the cached ones.</summary>
    private readonly Dictionary<(long QueueId, string Key), int> asked = [];

    /// <summary>Lanes that will be asked for next, and of which no job is cached.</summary>
    private readonly HashSet<(long QueueId, string Key)> expected = [];

    /// <summary>Lanes that were asked for when no job of them was cached.</summary>
    private readonly HashSet<(long QueueId, string Key)> missed = [];

    /// <summary>The cached lanes, least recently used first.</summary>
    public IEnumerable<HeldLane> Lanes => byUse;

    public long MemoryBytes { get; private set; }

    /// <summary>The first startable jobs of a lane, in order, at most that many; as far as they are cached.</summary>
    public FirstJobs First((long QueueId, string Key) lane, int atMost)
    {
        var held = Use(lane);
        if (held is { HasMore: false })
            return new FirstJobs(held.First(atMost), held.Count > atMost);

        var known = held?.Count > 0;
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(asked, lane, out _);
        count = Math.Min(count + (known ? Math.Min(atMost, held!.Count) : atMost), MostAsked);
        if (known)
            return new FirstJobs(held!.First(atMost), HasMore: true);
        missed.Add(lane);
        return FirstJobs.Unknown;
    }

    /// <summary>The next claims are likely to ask for this lane: if no job of it is cached, it is read with the others.</summary>
    public void Expect((long QueueId, string Key) lane)
    {
        if (expected.Count < MostLooks && !(lanes.TryGetValue(lane, out var node) && node.Value.Has(1)))
            expected.Add(lane);
    }

    /// <summary>What is to be read before the next claims: of lanes of which fewer jobs are cached than the last claims have asked for. What could not be served comes last, and so is dropped last.</summary>
    public void TakeLooks(List<LaneLook> looks)
    {
        foreach (var (lane, count) in asked)
        {
            if (looks.Count + missed.Count < MostLooks && !missed.Contains(lane))
                Look(lane, count, looks);
        }

        foreach (var lane in expected)
        {
            if (looks.Count + missed.Count < MostLooks && !asked.ContainsKey(lane))
                Look(lane, 1, looks);
        }

        foreach (var lane in missed)
            Look(lane, asked[lane], looks);
        asked.Clear();
        expected.Clear();
        missed.Clear();
    }

    /// <summary>Caches what was read; nothing has changed since <see cref="TakeLooks"/>.</summary>
    public void Append(IReadOnlyList<LaneLook> looks, IReadOnlyList<List<QueuedRow>> read)
    {
        for (var i = 0; i < looks.Count; i++)
        {
            var lane = (looks[i].QueueId, looks[i].Key);
            var held = Use(lane);
            if (held is null && looks[i].Behind is not null)
                continue; // dropped for one that was read before it: the jobs in front of these are not known
            held ??= Add(lane, hasMore: true);
            var before = held.MemoryBytes;
            held.Append(read[i], looks[i].AtMost, MostPerLane);
            Account(held.MemoryBytes - before);
        }
    }

    /// <summary>A queued job has entered its lane.</summary>
    /// <param name="job">The job.</param>
    /// <param name="isAlone">The lane was empty.</param>
    public void Enter(QueuedRow job, bool isAlone)
    {
        if (!lanes.TryGetValue(job.Lane, out var node) && !isAlone)
            return;
        var held = node?.Value ?? Add(job.Lane, hasMore: false);
        var before = held.MemoryBytes;
        held.Enter(job, MostPerLane);
        Account(held.MemoryBytes - before);
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

    /// <summary>Twice as many as were asked for: then there are enough for the claims after the next ones too.</summary>
    private void Look((long QueueId, string Key) lane, int count, List<LaneLook> looks)
    {
        if (!lanes.TryGetValue(lane, out var node))
            looks.Add(new LaneLook(lane.QueueId, lane.Key, Math.Max(2 * count, FirstRead)));
        else if (!node.Value.Has(count))
            looks.Add(node.Value.Look(2 * count));
    }

    private HeldLane? Use((long QueueId, string Key) lane)
    {
        if (!lanes.TryGetValue(lane, out var node))
            return null;
        if (node != byUse.Last)
        {
            byUse.Remove(node);
            byUse.AddLast(node);
        }

        return node.Value;
    }

    private HeldLane Add((long QueueId, string Key) lane, bool hasMore)
    {
        var held = new HeldLane(lane.QueueId, lane.Key, FirstRead, hasMore);
        lanes.Add(lane, byUse.AddLast(held));
        MemoryBytes += held.MemoryBytes;
        return held;
    }

    private void Account(long bytes)
    {
        MemoryBytes += bytes;
        // All but the one used last, which is in use right now.
        while (MemoryBytes > maxBytes && byUse is { First: { } oldest } && oldest != byUse.Last)
        {
            byUse.Remove(oldest);
            lanes.Remove((oldest.Value.QueueId, oldest.Value.Key));
            MemoryBytes -= oldest.Value.MemoryBytes;
        }
    }
}
