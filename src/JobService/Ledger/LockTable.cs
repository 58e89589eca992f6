namespace JobService.Ledger;

/// <summary>Which jobs hold locks, and which jobs wait for them. Owned by the writer thread; all of it follows from the rows.</summary>
/// <remarks>
/// Only locks that are held or have a wait queue are tracked: a free lock costs nothing, however many jobs in their lanes name it. A free lock with a wait queue
/// is offered: the first job of the wait queue returns to its lane. If it leaves the lock unused for <see cref="Patience"/>, it may be waiting for a limit or a
/// pause that others do not have: then the first jobs of other lanes are released too, twice as many each time (docs/decisions/0009).
/// </remarks>
internal sealed class LockTable
{
    /// <summary>Longer than the wait for a near slot, and short enough for a job that could run.</summary>
    public static readonly long Patience = TimeSpan.FromMilliseconds(20).Ticks;

    private readonly Dictionary<string, LockLine> lines = [];
    private readonly PriorityQueue<(LockLine Line, int Opening), long> looks = new();

    /// <summary>Those whose moment has come, as the turn was told before it began.</summary>
    private readonly Queue<(LockLine Line, int Opening)> due = new();

    /// <summary>When a free lock is to be offered, for the first time or to more; <see cref="LedgerMemory.Never"/> when there is none.</summary>
    public long NextLook => due.Count > 0 ? 0 : looks.TryPeek(out _, out var at) ? at : LedgerMemory.Never;

    public bool IsHeld(string name) => lines.TryGetValue(name, out var line) && line.Holder is not null;

    /// <summary>For a job on its way to its lane: true when it joins the wait queue of its lock instead.</summary>
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

    /// <summary>Adds the waiting jobs of a lane, as counted from the rows.</summary>
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

    /// <summary>Frees all locks that no job holds, after the rows were read.</summary>
    public void OfferFree(long now)
    {
        foreach (var line in lines.Values.Where(line => line.Holder is null))
            Offer(line, now);
    }

    /// <summary>A job has left the wait queue, to its lane or for good.</summary>
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

    /// <summary>True when jobs wait for the lock.</summary>
    public bool IsWaitedFor(string name) => lines.TryGetValue(name, out var line) && line.Waiting.Count > 0;

    /// <summary>Free locks with a wait queue whose offer is due: what the turn is going to look at.</summary>
    public IEnumerable<LockLine> Due(long now, int atMost)
    {
        while (due.Count < atMost && looks.TryPeek(out var look, out var at) && at <= now)
        {
            looks.Dequeue();
            if (look.Line.Opening == look.Opening)
                due.Enqueue(look);
        }

        return due.Where(look => look.Line.Opening == look.Opening).Select(look => look.Line);
    }

    /// <summary>A free lock with a wait queue whose offer is due; null when there is none.</summary>
    public LockLine? NextToOffer(long now)
    {
        while (due.TryDequeue(out var look))
        {
            if (look.Line.Opening == look.Opening)
                return look.Line;
        }

        while (looks.TryPeek(out var look, out var at) && at <= now)
        {
            looks.Dequeue();
            if (look.Line.Opening == look.Opening)
                return look.Line;
        }

        return null;
    }

    /// <summary>Schedules another offer of this lock, unless it is claimed before.</summary>
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
        line.Opening++; // offers in progress become void
        return lines.Remove(line.Name);
    }

    private LockLine FindOrOpen(string name)
    {
        if (!lines.TryGetValue(name, out var line))
            lines.Add(name, line = new LockLine(name));
        return line;
    }
}

/// <summary>One lock that is held or has a wait queue.</summary>
internal sealed class LockLine(string name)
{
    public string Name { get; } = name;

    /// <summary>The lease that holds it.</summary>
    public long? Holder { get; set; }

    /// <summary>Jobs in the wait queue, counted by their lane.</summary>
    public Dictionary<(long QueueId, string Key), int> Waiting { get; } = [];

    /// <summary>Lanes into which a job of the wait queue was released since the lock was freed, with its priority: other jobs of the same lane come after it there.</summary>
    public Dictionary<(long QueueId, string Key), int> Offered { get; } = [];

    /// <summary>How many lanes the next offer releases.</summary>
    public int Step { get; set; } = 1;

    /// <summary>Increases when the lock is taken or freed: earlier offers become void.</summary>
    public int Opening { get; set; }

    /// <summary>All lanes of the wait queue were offered the lock: only an event can change anything.</summary>
    public bool IsAsleep { get; set; }

    public bool HasMoreToOffer => Waiting.Keys.Any(lane => !Offered.ContainsKey(lane));

    /// <summary>Whom the next offer releases: the first of all, or then the first ones of other lanes.</summary>
    public IEnumerable<LockLook> NextLooks(int atMost) => Offered.Count == 0
        ? [new LockLook(Name)]
        : Waiting.Keys.Where(lane => !Offered.ContainsKey(lane)).Take(Math.Min(Step, atMost)).Select(lane => new LockLook(Name, lane));

    /// <summary>True when a job may enter its lane: no other job holds the lock, and it overtakes none that could use it.</summary>
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
