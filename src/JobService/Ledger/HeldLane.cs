namespace JobService.Ledger;

/// <summary>The beginning of a lane: its first jobs in order, and whether there may be more after them.</summary>
internal sealed class HeldLane(long queueId, string key, int firstRead, bool hasMore)
{
    /// <summary>Including its entry among the lanes.</summary>
    private const int OwnBytes = 350;

    private static readonly Comparer<QueuedRow> InOrder = Comparer<QueuedRow>.Create(QueuedRow.Compare);

    private readonly List<QueuedRow?> heads = [];

    /// <summary>Index of the first one in the list: earlier ones have left, from the front as most do.</summary>
    private int first;

    private int nextRead = firstRead;

    public long QueueId { get; } = queueId;

    public string Key { get; } = key;

    /// <summary>False when all jobs of the lane are cached.</summary>
    public bool HasMore { get; private set; } = hasMore;

    public int Count => heads.Count - first;

    /// <summary>Approximate bytes in memory.</summary>
    public long MemoryBytes { get; private set; } = OwnBytes + (2 * key.Length);

    /// <summary>Whether that many are cached, or all there are.</summary>
    public bool Has(int count) => Count >= count || !HasMore;

    /// <summary>What to read to have that many: twice as many as the last time, since a lane that is read again will need more.</summary>
    public LaneLook Look(int wanted) => new(QueueId, Key, Math.Max(wanted - Count, nextRead), Count > 0 ? heads[^1] : null);

    /// <summary>A copy: the cached jobs change with each start.</summary>
    public List<QueuedRow> First(int atMost) => heads.GetRange(first, Math.Min(atMost, Count))!;

    /// <summary>Adds the jobs after the cached ones.</summary>
    /// <param name="read">The jobs read.</param>
    /// <param name="asked">How many were requested.</param>
    /// <param name="mostRead">The maximum to request next time, unless more are needed.</param>
    public void Append(List<QueuedRow> read, int asked, int mostRead)
    {
        heads.RemoveRange(0, first);
        first = 0;
        heads.AddRange(read);
        foreach (var head in read)
            MemoryBytes += head.MemoryBytes;
        HasMore = read.Count == asked;
        nextRead = Math.Min(2 * asked, mostRead);
    }

    /// <summary>A job has entered the lane.</summary>
    /// <param name="job">The job.</param>
    /// <param name="atMost">The maximum number of cached jobs.</param>
    public void Enter(QueuedRow job, int atMost)
    {
        var place = ~Find(job); // it is not there yet: otherwise the memory is wrong, and the insertion throws it away
        if (place == heads.Count && HasMore)
            return; // somewhere after the cached ones
        heads.Insert(place, job);
        MemoryBytes += job.MemoryBytes;
        if (Count > atMost)
        {
            HasMore = true;
            RemoveAt(heads.Count - 1);
        }
    }

    /// <summary>A job has left the lane, if it was there.</summary>
    public void Leave(QueuedRow job)
    {
        if (Find(job) is >= 0 and var place)
            RemoveAt(place);
    }

    private int Find(QueuedRow job) => Count > 0 && heads[first]!.Stamp == job.Stamp ? first : heads.BinarySearch(first, Count, job, InOrder!);

    private void RemoveAt(int place)
    {
        MemoryBytes -= heads[place]!.MemoryBytes;
        if (place == first)
            heads[first++] = null;
        else
            heads.RemoveAt(place);
    }
}
