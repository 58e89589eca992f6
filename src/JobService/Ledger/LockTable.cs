namespace JobService.Ledger;

/// <summary>Who holds which lock, and who stands in its line. Owned by the writer thread; all of it follows from the rows.</summary>
/// <remarks>
/// Only locks that are held or have a line are known here: a free lock costs nothing, however many jobs in their lanes name it. A lock that is free and has a
/// line is offered: the first of the line goes back into its lane. One that leaves the lock unused for <see cref="Patience"/> may stand behind a limit or a
/// pause that others do not have: then the first of other lanes are let in too, twice as many each time (docs/decisions/0009).
/// </remarks>
internal sealed class LockTable
{
    /// <summary>A slot that is near comes sooner; a job that could run hardly notices.</summary>
    public static readonly long Patience = TimeSpan.FromMilliseconds(20).Ticks;

    private readonly Dictionary<string, LockLine> lines = [];
    private readonly PriorityQueue<(LockLine Line, int Opening), long> looks = new();

    /// <summary>When a free lock is to be offered, for the first time or to more; <see cref="LedgerMemory.Never"/> when there is none.</summary>
    public long NextLook => looks.TryPeek(out _, out var at) ? at : LedgerMemory.Never;

    public bool IsHeld(string name) => lines.TryGetValue(name, out var line) && line.Holder is not null;

    /// <summary>A job on its way to its lane: true when it stands in the line of its lock instead.</summary>
    /// <param name="job">The job; it names a lock.</param>
    /// <param name="ownLease">The lease that it gives up in the same turn, if it comes from an attempt.</param>
    public bool TakeAside(QueuedRow job, long? ownLease)
    {
        if (!lines.TryGetValue(job.Lock!, out var line) || line.LetsPass(job, ownLease))
            return false;
        Join(job);
        return true;
    }

    public void Join(QueuedRow job)
    {
        var line = FindOrOpen(job.Lock!);
        line.Waiting[job.Lane] = line.Waiting.GetValueOrDefault(job.Lane) + 1;
    }

    /// <summary>As many jobs of a lane as the rows say.</summary>
    public void Restore(string name, (long QueueId, string Key) lane, int count) => FindOrOpen(name).Waiting.Add(lane, count);

    public void Take(string name, long lease)
    {
        var line = FindOrOpen(name);
        if (line.Holder is not null)
            throw new InvalidOperationException($"Lock {name} was to be held twice.");
        line.Holder = lease;
        line.Offered.Clear();
        line.Opening++;
    }

    public void Free(string name, long now)
    {
        var line = lines[name];
        line.Holder = null;
        if (!DropIfEmpty(line))
            Offer(line, now);
    }

    /// <summary>All that nobody holds, after the rows were read.</summary>
    public void OfferFree(long now)
    {
        foreach (var line in lines.Values.Where(line => line.Holder is null))
            Offer(line, now);
    }

    /// <summary>A job has left the line: back to its lane, or for ever.</summary>
    public void Leave(string name, (long QueueId, string Key) lane)
    {
        var line = lines[name];
        if (--line.Waiting[lane] == 0)
            line.Waiting.Remove(lane);
        DropIfEmpty(line);
    }

    /// <summary>A job has left its lane without having run: the lock may have been offered to it.</summary>
    public void LeaveLane(QueuedRow job, long now)
    {
        if (lines.TryGetValue(job.Lock!, out var line) && line.Holder is null && line.Offered.Remove(job.Lane) && line.IsAsleep)
            LookAgain(line, now);
    }

    /// <summary>A free lock with a line whose moment has come; null when there is none (any more).</summary>
    public LockLine? NextToOffer(long now)
    {
        while (looks.TryPeek(out var look, out var at) && at <= now)
        {
            looks.Dequeue();
            if (look.Line.Opening == look.Opening)
                return look.Line;
        }

        return null;
    }

    /// <summary>Come back to this line, unless it is claimed before.</summary>
    public void LookAgain(LockLine line, long at)
    {
        line.IsAsleep = false;
        looks.Enqueue((line, line.Opening), at);
    }

    private void Offer(LockLine line, long now)
    {
        line.Opening++;
        line.Offered.Clear();
        line.Step = 1;
        LookAgain(line, now);
    }

    private bool DropIfEmpty(LockLine line)
    {
        if (line.Holder is not null || line.Waiting.Count > 0)
            return false;
        line.Opening++; // looks that are under way find nothing
        return lines.Remove(line.Name);
    }

    private LockLine FindOrOpen(string name)
    {
        if (!lines.TryGetValue(name, out var line))
            lines.Add(name, line = new LockLine(name));
        return line;
    }
}

/// <summary>One lock that is held or has a line.</summary>
internal sealed class LockLine(string name)
{
    public string Name { get; } = name;

    /// <summary>The lease that holds it.</summary>
    public long? Holder { get; set; }

    /// <summary>Jobs in the line, counted by the lane they came from.</summary>
    public Dictionary<(long QueueId, string Key), int> Waiting { get; } = [];

    /// <summary>Lanes that a job of the line was let into since the lock was freed, and its priority: the others of a lane stand behind it there.</summary>
    public Dictionary<(long QueueId, string Key), int> Offered { get; } = [];

    /// <summary>How many lanes the next look lets in.</summary>
    public int Step { get; set; } = 1;

    /// <summary>Rises when the lock is taken or freed: looks from before mean nothing.</summary>
    public int Opening { get; set; }

    /// <summary>All lanes of the line were offered the lock: only an event can change anything.</summary>
    public bool IsAsleep { get; set; }

    public bool HasMoreToOffer => Waiting.Keys.Any(lane => !Offered.ContainsKey(lane));

    /// <summary>True when a job may go into its lane: nobody else has the lock, and it overtakes nobody who could use it.</summary>
    public bool LetsPass(QueuedRow job, long? ownLease)
    {
        if (Holder is not null)
            return Holder == ownLease && Waiting.Count == 0;
        if (Offered.TryGetValue(job.Lane, out var priority) ? job.Priority <= priority : !IsAsleep)
            return false;
        Offered[job.Lane] = job.Priority;
        return true;
    }
}
