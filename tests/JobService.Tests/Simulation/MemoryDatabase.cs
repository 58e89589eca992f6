using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Tests.Simulation;

/// <summary>The tables of the store in plain memory: what is committed outlives a connection, as it does in a file. One connection at a time.</summary>
internal sealed class MemoryDatabase
{
    private readonly IMemoryTable[] tables;

    public MemoryDatabase()
    {
        Jobs = new(JobsBy.Change);
        Starts = new((before, after) =>
        {
            if (before is not null && after is null)
                StartsBy.Remove((before.Limit, before.Key), before.At, 0);
            if (before is null && after is not null)
                StartsBy.Add((after.Limit, after.Key), after.At, 0);
        });
        tables =
        [
            Jobs, Results, Errors, Attempts, Keys, Signals, Limits, States, Starts, Queues, Lanes, Batches, Callbacks, Deliveries, Tries, DisabledUrls, Clock, Openings,
        ];
    }

    public MemoryTable<long, StoredJob> Jobs { get; }

    public JobIndexes JobsBy { get; } = new();

    public MemoryTable<long, JobResult> Results { get; } = new();

    public MemoryTable<long, JobError> Errors { get; } = new();

    public MemoryTable<(long Stamp, int Number), JobChange.AttemptWritten> Attempts { get; } = new();

    /// <summary>Idempotency keys.</summary>
    public MemoryTable<string, StoredKey> Keys { get; } = new();

    public MemoryTable<string, SignalChange.Put> Signals { get; } = new();

    public MemoryTable<string, LimitRow> Limits { get; } = new();

    public MemoryTable<(string Limit, string Key), LimitStateChange.Put> States { get; } = new();

    /// <summary>The logs of windows.</summary>
    public MemoryTable<(string Limit, string Key, long At), StoredStart> Starts { get; }

    public MemoryIndex<(string Limit, string Key)> StartsBy { get; } = new();

    public MemoryTable<long, StoredQueue> Queues { get; } = new();

    /// <summary>What lanes have learned.</summary>
    public MemoryTable<(long QueueId, string Key), DefinitionChange.LaneLearned> Lanes { get; } = new();

    public MemoryTable<long, StoredBatch> Batches { get; } = new();

    public MemoryTable<long, Callback> Callbacks { get; } = new();

    public MemoryTable<long, StoredDelivery> Deliveries { get; } = new();

    public MemoryTable<(long Delivery, int Number), DeliveryTry> Tries { get; } = new();

    public MemoryTable<string, DeliveryChange.UrlDisabled> DisabledUrls { get; } = new();

    public MemoryTable<ValueTuple, ClockChange.Put> Clock { get; } = new();

    public MemoryTable<long, DefinitionChange.Probed> Openings { get; } = new();

    public void Commit() => Array.ForEach(tables, table => table.Commit());

    public void RollBack() => Array.ForEach(tables, table => table.RollBack());
}

/// <param name="Row">The columns that rules look at.</param>
/// <param name="Submitted">What never changes of it.</param>
/// <param name="CreatedAt">Ticks of store time.</param>
internal sealed record StoredJob(JobRow Row, NewRow Submitted, long CreatedAt)
{
    public BatchPlace? Place => Submitted.Job.Batch;

    public bool IsDueOnWall { get; init; }

    public long? FinishedAt { get; init; }

    public long? Completion { get; init; }
}

internal sealed record StoredKey(IdempotencyKey Key, long Stamp);

internal sealed record StoredStart(string Limit, string Key, long At, int Weight);

internal sealed record StoredQueue(long Id, QueueEntry Entry, string? Declared)
{
    public bool IsRetired { get; init; }

    public IReadOnlyList<long> Counts { get; init; } = new long[5];
}

internal sealed record StoredBatch(JobId Id, string Queue, bool CancelOnFailure, long CreatedAt, string? Idempotency)
{
    public bool IsOpen { get; init; } = true;

    public CancelReason? CancelReason { get; init; }

    public long? StopFrom { get; init; }

    public long? FinishedAt { get; init; }

    public long Total { get; init; }

    public long Succeeded { get; init; }

    public long Failed { get; init; }

    public long Cancelled { get; init; }

    public long LastCompletion { get; init; }
}

internal sealed record StoredDelivery(DeliveryRow Row, string Type, long CreatedAt, string Ending)
{
    public int Tries { get; init; }

    public int Failures { get; init; }

    public ReadOnlyMemory<byte>? Body { get; init; }
}
