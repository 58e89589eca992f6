using JobService.Jobs;

namespace JobService.Storage.Sqlite;

/// <summary>One transaction of the writer, as the transitions see it.</summary>
internal sealed class SqliteTurn(StoreMemory memory, JobRows jobs, ParkedRows parked, DefinitionRows definitions, PruneRows prunes, LeaseSource leases, long now)
{
    public StoreMemory Memory { get; } = memory;

    public JobRows Jobs { get; } = jobs;

    public ParkedRows Parked { get; } = parked;

    public DefinitionRows Definitions { get; } = definitions;

    public PruneRows Prunes { get; } = prunes;

    public LeaseSource Leases { get; } = leases;

    /// <summary>Ticks of store time, one moment for the whole turn.</summary>
    public long Now { get; } = now;

    public DateTimeOffset NowTime => new(Now, TimeSpan.Zero);

    /// <summary>Limits that handed something out or were paused: their states are written before the commit.</summary>
    public HashSet<string> TouchedLimits { get; } = [];

    public List<JobEnded> Ended { get; } = [];

    public List<StopRequest> StopRequests { get; } = [];

    public bool CatalogChanged { get; set; }

    /// <summary>A bite was done and there is more: another turn follows, with what others have asked for meanwhile.</summary>
    public bool GoesOn { get; set; }

    public void End(JobId job, QueueRow queue, JobState from, JobState state)
    {
        queue.Move(from, state);
        Ended.Add(new JobEnded(job, queue.Entry.Name, state));
    }

    /// <summary>Writes what has gathered in memory, as the last step before the commit.</summary>
    public void WriteBack()
    {
        foreach (var limit in TouchedLimits)
        {
            if (Memory.Limits.ContainsKey(limit))
                Definitions.PutState(limit, Memory.Planner.Limit(limit));
        }

        foreach (var queue in Memory.Queues)
        {
            if (!queue.CountsChanged)
                continue;
            Definitions.WriteCounts(queue);
            queue.CountsChanged = false;
        }
    }
}

/// <summary>Lease tokens: the number of this opening of the file, then a counter, so that no token ever comes twice.</summary>
internal sealed class LeaseSource(long opening)
{
    private long last = opening << 40;

    public long Next() => ++last;
}
