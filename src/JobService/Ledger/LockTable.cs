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

    private readonly Dictionary<string, TrackedLock> locks = [];
    private readonly PriorityQueue<(TrackedLock Lock, int Opening), long> offers = new();

    /// <summary>The offers that were due when the rows of the turn were fetched.</summary>
    private readonly Queue<(TrackedLock Lock, int Opening)> due = new();

    /// <summary>When a free lock is to be offered, for the first time or to more lanes; <see cref="LedgerMemory.Never"/> when there is none.</summary>
    public long NextOfferAt => due.Count > 0 ? 0 : offers.TryPeek(out _, out var at) ? at : LedgerMemory.Never;

    public bool IsHeld(string name) => locks.TryGetValue(name, out var tracked) && tracked.Holder is not null;

    /// <summary>For a job on its way to its lane: true when it joins the wait queue of its lock instead.</summary>
    /// <param name="job">The job; it names a lock.</param>
    /// <param name="ownLease">The lease that it gives up in the same turn, if it comes from an attempt.</param>
    public bool TryJoin(QueuedRow job, long? ownLease)
    {
        if (!locks.TryGetValue(job.Lock!, out var tracked) || tracked.LetsPass(job, ownLease))
            return false;
        Join(job);
        return true;
    }

    public void Join(QueuedRow job)
    {
        var tracked = FindOrOpen(job.Lock!);
        tracked.Waiting[job.Lane] = tracked.Waiting.GetValueOrDefault(job.Lane) + 1;
    }

    /// <summary>Adds the waiting jobs of a lane, as counted from the rows.</summary>
    public void Restore(string name, (long QueueId, string Key) lane, int count) => FindOrOpen(name).Waiting.Add(lane, count);

    public void Take(string name, long lease)
    {
        var tracked = FindOrOpen(name);
        if (tracked.Holder is not null)
            throw new InvalidOperationException($"Lock {name} is already held.");
        tracked.Holder = lease;
        tracked.Offered.Clear();
        tracked.Opening++;
    }

    public void Free(string name, long now)
    {
        var tracked = locks[name];
        tracked.Holder = null;
        if (!DropIfEmpty(tracked))
            Offer(tracked, now);
    }

    /// <summary>Frees all locks that no job holds, after the rows were read.</summary>
    public void OfferFree(long now)
    {
        foreach (var tracked in locks.Values.Where(tracked => tracked.Holder is null))
            Offer(tracked, now);
    }

    /// <summary>A job has left the wait queue, to its lane or for good.</summary>
    public void Leave(string name, (long QueueId, string Key) lane)
    {
        var tracked = locks[name];
        if (--tracked.Waiting[lane] == 0)
            tracked.Waiting.Remove(lane);
        DropIfEmpty(tracked);
    }

    /// <summary>A job has left its lane without having run: the lock may have been offered to it.</summary>
    public void LeaveLane(QueuedRow job, long now)
    {
        if (locks.TryGetValue(job.Lock!, out var tracked) && tracked.Holder is null && tracked.Offered.Remove(job.Lane) && tracked.IsAsleep)
            ScheduleOffer(tracked, now);
    }

    /// <summary>True when jobs wait for the lock.</summary>
    public bool IsWaitedFor(string name) => locks.TryGetValue(name, out var tracked) && tracked.Waiting.Count > 0;

    /// <summary>Free locks with a wait queue whose offer is due, for the fetch before the turn.</summary>
    public IEnumerable<TrackedLock> Due(long now, int atMost)
    {
        while (due.Count < atMost && offers.TryPeek(out var offer, out var at) && at <= now)
        {
            offers.Dequeue();
            if (offer.Lock.Opening == offer.Opening)
                due.Enqueue(offer);
        }

        return due.Where(offer => offer.Lock.Opening == offer.Opening).Select(offer => offer.Lock);
    }

    /// <summary>A free lock with a wait queue whose offer is due; null when there is none.</summary>
    public TrackedLock? NextToOffer(long now)
    {
        while (due.TryDequeue(out var offer))
        {
            if (offer.Lock.Opening == offer.Opening)
                return offer.Lock;
        }

        while (offers.TryPeek(out var offer, out var at) && at <= now)
        {
            offers.Dequeue();
            if (offer.Lock.Opening == offer.Opening)
                return offer.Lock;
        }

        return null;
    }

    /// <summary>Schedules another offer of this lock, unless it is claimed before.</summary>
    public void ScheduleOffer(TrackedLock tracked, long at)
    {
        tracked.IsAsleep = false;
        offers.Enqueue((tracked, tracked.Opening), at);
    }

    private void Offer(TrackedLock tracked, long now)
    {
        tracked.Opening++;
        tracked.Offered.Clear();
        tracked.Step = 1;
        ScheduleOffer(tracked, now);
    }

    private bool DropIfEmpty(TrackedLock tracked)
    {
        if (tracked.Holder is not null || tracked.Waiting.Count > 0)
            return false;
        tracked.Opening++; // offers in progress become void
        return locks.Remove(tracked.Name);
    }

    private TrackedLock FindOrOpen(string name)
    {
        if (!locks.TryGetValue(name, out var tracked))
            locks.Add(name, tracked = new TrackedLock(name));
        return tracked;
    }
}

/// <summary>One lock that is held or has a wait queue.</summary>
internal sealed class TrackedLock(string name)
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

    /// <summary>The jobs that the next offer releases: first the first of all, then the first of other lanes.</summary>
    public IEnumerable<LockQuery> NextQueries(int atMost) => Offered.Count == 0
        ? [new LockQuery(Name)]
        : Waiting.Keys.Where(lane => !Offered.ContainsKey(lane)).Take(Math.Min(Step, atMost)).Select(lane => new LockQuery(Name, lane));

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
