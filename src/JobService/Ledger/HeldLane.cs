namespace JobService.Ledger;

/// <summary>The beginning of a lane: its first jobs in their order, and whether more may stand behind them.</summary>
internal sealed class HeldLane(long queueId, string key, int firstRead)
{
    /// <summary>With its place among the lanes.</summary>
    private const int OwnBytes = 350;

    private static readonly Comparer<QueuedRow> InOrder = Comparer<QueuedRow>.Create(QueuedRow.Compare);

    private readonly List<QueuedRow?> heads = [];

    /// <summary>Where the first one stands in the list: those before it have left, from the front as most do.</summary>
    private int first;

    private int nextRead = firstRead;

    public long QueueId { get; } = queueId;

    public string Key { get; } = key;

    /// <summary>False when all jobs of the lane are held.</summary>
    public bool HasMore { get; private set; } = true;

    public int Count => heads.Count - first;

    /// <summary>Bytes that it takes in memory, about.</summary>
    public long MemoryBytes { get; private set; } = OwnBytes + (2 * key.Length);

    /// <summary>Whether so many are held, or all there are.</summary>
    public bool Has(int count) => Count >= count || !HasMore;

    /// <summary>What is to be asked for, so that there are so many: twice as many as the last time, since a lane that is asked again will be asked more.</summary>
    public LaneLook Look(int wanted) => new(QueueId, Key, Math.Max(wanted - Count, nextRead), Count > 0 ? heads[^1] : null);

    /// <summary>A copy: what is held changes with each start.</summary>
    public List<QueuedRow> First(int atMost) => heads.GetRange(first, Math.Min(atMost, Count))!;

    /// <summary>What stands behind those that are held.</summary>
    /// <param name="read">As the rows say.</param>
    /// <param name="asked">How many were asked for.</param>
    /// <param name="mostRead">More are not asked for next time, unless they are wanted.</param>
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

    /// <summary>A job has come into the lane.</summary>
    /// <param name="job">The job.</param>
    /// <param name="atMost">No more are held for it.</param>
    public void Enter(QueuedRow job, int atMost)
    {
        var place = ~Find(job); // it is not there yet: otherwise the memory is wrong, and the insertion throws it away
        if (place == heads.Count && HasMore)
            return; // somewhere behind those that are held
        heads.Insert(place, job);
        MemoryBytes += job.MemoryBytes;
        if (Count > atMost)
        {
            HasMore = true;
            RemoveAt(heads.Count - 1);
        }
    }

    /// <summary>A job has left the lane, if it stood there.</summary>
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
