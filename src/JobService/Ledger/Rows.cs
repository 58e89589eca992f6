using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>A job as it stands in its lane, or on its way there: all that its place and its call need, but what it sends.</summary>
internal sealed record QueuedRow(JobId Id, int Weight) : LaneHead(Id, Weight)
{
    /// <summary>With its place in a list; what hangs on it comes on top.</summary>
    private const int OwnBytes = 240;

    /// <summary>A letter of a text takes two, and as much again for what is made of it.</summary>
    private const int TextBytes = 4;

    private IReadOnlyDictionary<string, int>? weights;

    /// <summary>Read when it is asked for: most limits do not ask.</summary>
    public override IReadOnlyDictionary<string, int>? Weights => weights ??= WeightsJson is null ? null : ColumnJson.ReadWeights(WeightsJson);

    public required string? WeightsJson { get; init; }

    public long Stamp { get; } = Id.Stamp;

    public required long QueueId { get; init; }

    public required string Key { get; init; }

    public (long QueueId, string Key) Lane => (QueueId, Key);

    public required int Priority { get; init; }

    public required string? Lock { get; init; }

    /// <summary>The signal that it has not had yet; null in a lane.</summary>
    public required string? Signal { get; init; }

    public required bool HasCallback { get; init; }

    /// <summary>Attempts so far.</summary>
    public required int Attempt { get; init; }

    public required int Failures { get; init; }

    public required int? MaxAttempts { get; init; }

    public required long? TimeoutMs { get; init; }

    public required long? StartBefore { get; init; }

    public required long? ThrottledSince { get; init; }

    /// <summary>Row number of its batch.</summary>
    public required long? Batch { get; init; }

    /// <summary>Bytes that it takes in memory, about.</summary>
    public long MemoryBytes => OwnBytes + TextBytes * (Key.Length + (Lock?.Length ?? 0) + (WeightsJson?.Length ?? 0L));

    /// <summary>A new one.</summary>
    public static QueuedRow Of(NewRow row, long queueId) => new(row.Job.Id, row.Job.Weight)
    {
        WeightsJson = row.WeightsJson,
        QueueId = queueId,
        Key = row.Job.Key,
        Priority = row.Job.Priority,
        Lock = row.Job.Lock,
        Signal = row.Job.Signal,
        HasCallback = row.Job.Callback is not null,
        Attempt = 0,
        Failures = 0,
        MaxAttempts = row.Job.MaxAttempts,
        TimeoutMs = row.TimeoutMs,
        StartBefore = row.Job.StartBefore?.UtcTicks,
        ThrottledSince = null,
        Batch = row.Job.Batch?.Batch.Stamp,
    };

    /// <summary>The order of a lane, and of the line of a lock.</summary>
    public static int Compare(QueuedRow left, QueuedRow right)
    {
        var byPriority = right.Priority.CompareTo(left.Priority);
        return byPriority != 0 ? byPriority : left.Stamp.CompareTo(right.Stamp);
    }
}

/// <summary>What a job that was claimed sends, as far as it was read.</summary>
/// <param name="Payload">JSON in UTF-8; empty when the job has none, or when it was not read.</param>
/// <param name="Request">Null when the job has none of its own, or when it was not read.</param>
/// <param name="UnreadBytes">Of both, when they are more than <see cref="ClaimedJob.MaxReadBytes"/>; otherwise 0.</param>
internal readonly record struct ClaimedInput(ReadOnlyMemory<byte> Payload, StoredRequest? Request, int UnreadBytes);

/// <summary>The hot row of a job, as far as transitions look at it.</summary>
/// <param name="Job">What it is or would be as a queued job.</param>
/// <param name="State">Its state.</param>
internal sealed record JobRow(QueuedRow Job, JobState State)
{
    public JobId Id => Job.Id;

    public long QueueId => Job.QueueId;

    public string Key => Job.Key;

    public int Attempt => Job.Attempt;

    public string? Lock => Job.Lock;

    /// <summary>Row number of its batch.</summary>
    public long? Batch => Job.Batch;

    public CancelReason? CancelReason { get; init; }

    public long? StartedAt { get; init; }

    public long? Lease { get; init; }

    public long? Parked { get; init; }

    /// <summary>When it may go; null when that moment has come, or there was none.</summary>
    public long? DueAt { get; init; }

    /// <summary>A queued job: what it still waits for of its signal is named only while it does.</summary>
    public static JobRow Queued(QueuedRow job, long? dueAt, long? parked) =>
        new(dueAt is not null || parked > Ledger.Parked.InLockQueue ? job : job with { Signal = null }, JobState.Queued) { DueAt = dueAt, Parked = parked };

    /// <summary>It ran, and runs no more.</summary>
    public JobRow Ended(JobState state, long? startedAt, bool undoAttempt) => this with
    {
        Job = Job with { Attempt = Attempt - (undoAttempt ? 1 : 0), ThrottledSince = null },
        State = state,
        Lease = null,
        StartedAt = startedAt,
        CancelReason = null,
    };

    public EndingJob EndIn(QueueRow queue) => new(Id, queue, Key, Attempt, Batch, Job.HasCallback);
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
