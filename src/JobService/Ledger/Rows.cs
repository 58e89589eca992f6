using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>A job at the head of its lane, with all that its call needs.</summary>
internal sealed record QueuedRow(JobId Id, int Weight) : LaneHead(Id, Weight)
{
    private IReadOnlyDictionary<string, int>? weights;

    /// <summary>Read when it is asked for: most heads are looked at twice, and most limits do not ask.</summary>
    public override IReadOnlyDictionary<string, int>? Weights => weights ??= WeightsJson is null ? null : StorageJson.ReadWeights(WeightsJson);

    public required string? WeightsJson { get; init; }

    public required long Stamp { get; init; }

    public required long QueueId { get; init; }

    public required string Key { get; init; }

    public required int Priority { get; init; }

    public required string? Lock { get; init; }

    public required bool HasCallback { get; init; }

    public required int Attempt { get; init; }

    public required int Failures { get; init; }

    public required int? MaxAttempts { get; init; }

    public required long? TimeoutMs { get; init; }

    public required long? StartBefore { get; init; }

    public required long? ThrottledSince { get; init; }

    /// <summary>Of payload and request, when they are too large to be read for each look at the head of a lane; 0 when they are here.</summary>
    public required int UnreadBytes { get; init; }

    public required byte[] Payload { get; init; }

    public required string? RequestJson { get; init; }

    public required byte[]? RequestBody { get; init; }

    /// <summary>Row number of its batch.</summary>
    public required long? Batch { get; init; }
}

/// <summary>The hot row of a job, as far as transitions look at it.</summary>
internal sealed record JobRow(JobId Id, long QueueId, string Key, JobState State)
{
    public CancelReason? CancelReason { get; init; }

    public int Attempt { get; init; }

    public long? StartedAt { get; init; }

    public int Failures { get; init; }

    public int? MaxAttempts { get; init; }

    public long? Lease { get; init; }

    public long? StartBefore { get; init; }

    public int Weight { get; init; }

    public IReadOnlyDictionary<string, int>? Weights { get; init; }

    public int Priority { get; init; }

    public string? Lock { get; init; }

    /// <summary>The signal that it has not had yet.</summary>
    public string? Signal { get; init; }

    public long? Parked { get; init; }

    /// <summary>Row number of its batch.</summary>
    public long? Batch { get; init; }

    public bool HasCallback { get; init; }

    public Arrival Arrival => new(Id.Stamp, QueueId, Key, Priority, Lock, Signal);

    public EndingJob EndIn(QueueRow queue) => new(Id, queue, Key, Attempt, Batch, HasCallback);
}

/// <summary>A job at its end, with all that those want to know who count it, number it, tell of it or send word of it.</summary>
/// <param name="Attempt">Attempts that reached the send.</param>
/// <param name="Batch">Row number of its batch.</param>
/// <param name="HasCallback">Somebody is to be told of its end.</param>
internal readonly record struct EndingJob(JobId Id, QueueRow Queue, string Key, int Attempt, long? Batch, bool HasCallback);

/// <summary>What an end says about the moment since which the API has been saying "not now".</summary>
internal enum ThrottleMark
{
    Clear = 0,
    Set = 1,
    Keep = 2,
}
