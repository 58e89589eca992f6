using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>One transaction of the writer, as the transitions see it.</summary>
internal sealed class Turn(LedgerMemory memory, ILedgerRows rows, LeaseSource leases, long now)
{
    public LedgerMemory Memory { get; } = memory;

    /// <summary>The changes to be written, in order.</summary>
    public RowChanges Changes => changes ??= new RowChanges(this);

    /// <summary>The rows that were fetched before the turn, with its changes so far.</summary>
    public Fetched Fetched { get; private set; } = new();

    public LeaseSource Leases { get; } = leases;

    /// <summary>Ticks of store time, one moment for the whole turn.</summary>
    public long Now { get; } = now;

    /// <summary>Ticks of the machine's clock: moments given by users count by it. It may go back.</summary>
    public long Wall { get; set; } = now;

    public DateTimeOffset NowTime => new(Now, TimeSpan.Zero);

    private TurnBatches? batches;
    private RowChanges? changes;

    /// <summary>Limits that handed something out or were paused: their states are written before the commit.</summary>
    private readonly HashSet<LimitWaitQueue> touchedStates = [];

    public List<JobEnded> Ended { get; } = [];

    public List<StopRequest> StopRequests { get; } = [];

    /// <summary>Receivers of callbacks with a delivery that is due now.</summary>
    public HashSet<string> DueReceivers { get; } = [];

    /// <summary>The events for the listeners, published after the commit; null while there are none.</summary>
    public List<StoreEvent>? Events { get; set; }

    /// <summary>Signals that jobs have begun to wait for in this turn.</summary>
    public HashSet<string> NewWaiters { get; } = [];

    /// <summary>Jobs that have joined the wait queue of a lock in this turn and are still in it.</summary>
    public List<QueuedRow> Joined { get; } = [];

    /// <summary>Queues whose claims are repeatedly returned without a call, and how long each now waits.</summary>
    public List<(string Queue, TimeSpan Wait)> BackedOff { get; } = [];

    /// <summary>The clocks, to be written together with other changes; null when they were written a moment ago.</summary>
    public StoredClock? ClockToWrite { get; set; }

    /// <summary>The clocks are written even if nothing else is.</summary>
    public bool WritesClock { get; set; }

    public bool CatalogChanged { get; set; }

    /// <summary>A chunk is done and there is more: another turn follows, together with the commands that have gathered meanwhile.</summary>
    public bool GoesOn { get; set; }

    /// <summary>The batches that this turn reads or changes.</summary>
    public TurnBatches Batches => batches ??= new TurnBatches(this);

    /// <summary>Every end of a job passes here.</summary>
    /// <param name="reason">Why it was cancelled or has failed, in a word.</param>
    public void End(in EndingJob job, JobState from, JobState state, string? reason = null)
    {
        var queue = job.Queue.Entry.Name;
        job.Queue.Move(from, state);
        Ended.Add(new JobEnded(job.Id, queue, state));
        Events?.Add(StoreEvent.OfJob(job.Id, queue, job.Key, state, job.Attempt, job.Batch ?? default, reason));
        if (job.HasCallback)
            Delivering.Announce(this, job.Id, state);
        if (job.Batch is { } batch)
            Batching.CountEnd(this, batch.Stamp, job.Id, state);
    }

    /// <summary>The limit states that a job of this key uses have changed: the current ones, since an idle state is forgotten and created again.</summary>
    public void Touch(LimitHold? hold, string key)
    {
        foreach (var held in hold?.Limits ?? [])
            touchedStates.Add(held.WaitQueue.Limit.WaitQueueOf(key));
    }

    public void Touch(IEnumerable<LimitWaitQueue> states) => touchedStates.UnionWith(states);

    /// <summary>Adds the changes that have gathered in memory, and writes them all: the last step before the commit.</summary>
    public void WriteBack()
    {
        LimitStates.Write(this, touchedStates);

        foreach (var queue in Memory.Queues)
        {
            if (!queue.CountsChanged)
                continue;
            Changes.Add(new DefinitionChange.QueueCounted(queue.Id, [.. queue.Counts]));
            queue.CountsChanged = false;
        }

        batches?.WriteBack();
        if (ClockToWrite is { } clock && (WritesClock || Changes.Count > 0))
        {
            Changes.Add(new ClockChange.Put(clock));
            WritesClock = true;
        }

        if (Changes.Count > 0)
            DueReceivers.UnionWith(rows.Write(Changes.All).DueReceivers);
    }

    /// <summary>Fetches the rows that the turn needs: once, and before it changes anything.</summary>
    public void Fetch(Wanted wanted)
    {
        if (Changes.Count > 0)
            throw new InvalidOperationException("The rows of a turn are fetched before it changes anything.");
        if (!wanted.IsEmpty)
            Fetched = rows.Fetch(wanted);
    }
}

/// <summary>Creates lease tokens: the number of this opening of the file, then a counter, so that no token is ever repeated.</summary>
internal sealed class LeaseSource(long opening)
{
    /// <summary>The token handed out last.</summary>
    public long Last { get; private set; } = opening << 40;

    public long Next() => ++Last;
}
