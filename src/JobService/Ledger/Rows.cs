using System.Text;
using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>A job in its lane, or on its way there: everything that its position and its call need, except its input.</summary>
internal sealed record QueuedRow(JobId Id, int Weight) : LaneHead(Id, Weight)
{
    /// <summary>With its place in a list; what it refers to is added.</summary>
    private const int OwnBytes = 250;

    /// <summary>A character takes two bytes, and as much again for what is parsed from it.</summary>
    private const int TextBytes = 4;

    private IReadOnlyDictionary<string, int>? weights;

    /// <summary>Parsed on demand: most limits do not need it.</summary>
    public override IReadOnlyDictionary<string, int>? Weights => weights ??= WeightsJson is null ? null : ColumnJson.ReadWeights(WeightsJson);

    public required string? WeightsJson { get; init; }

    public long Stamp { get; } = Id.Stamp;

    public required long QueueId { get; init; }

    public required string Key { get; init; }

    public (long QueueId, string Key) Lane => (QueueId, Key);

    public required int Priority { get; init; }

    public required string? Lock { get; init; }

    /// <summary>The signal that it still waits for; null in a lane.</summary>
    public required string? Signal { get; init; }

    public required bool HasCallback { get; init; }

    /// <summary>Attempts so far.</summary>
    public required int Attempt { get; init; }

    public required int Failures { get; init; }

    public required int? MaxAttempts { get; init; }

    public required long? TimeoutMs { get; init; }

    public required long? StartBefore { get; init; }

    public required long? ThrottledSince { get; init; }

    public required JobId? Batch { get; init; }

    /// <summary>Approximate bytes in memory.</summary>
    public long MemoryBytes => OwnBytes + TextBytes * (Key.Length + (Lock?.Length ?? 0) + (WeightsJson?.Length ?? 0L));

    /// <summary>Of a new job.</summary>
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
        Batch = row.Job.Batch?.Batch,
    };

    /// <summary>The order of a lane, and of the wait queue of a lock.</summary>
    public static int Compare(QueuedRow left, QueuedRow right)
    {
        var byPriority = right.Priority.CompareTo(left.Priority);
        return byPriority != 0 ? byPriority : left.Stamp.CompareTo(right.Stamp);
    }
}

/// <summary>The input of a claimed job, as far as it was read.</summary>
/// <param name="Payload">JSON in UTF-8; empty when the job has none, or when it was not read.</param>
/// <param name="Request">Null when the job has none of its own, or when it was not read.</param>
/// <param name="UnreadBytes">Of both, when they are more than <see cref="ClaimedJob.MaxReadBytes"/>; otherwise 0.</param>
internal readonly record struct ClaimedInput(ReadOnlyMemory<byte> Payload, StoredRequest? Request, int UnreadBytes)
{
    /// <summary>It could not be read, and its size is not known.</summary>
    public static ClaimedInput Unread { get; } = new(default, Request: null, UnreadBytes: 1);

    /// <summary>Of a job that was added just now.</summary>
    public static ClaimedInput Of(NewRow row)
    {
        var (payload, body) = (row.Job.Payload ?? default, row.Job.Request?.Body);
        var bytes = payload.Length + (row.RequestJson is { } json ? Encoding.UTF8.GetByteCount(json) : 0) + (body?.Length ?? 0);
        return bytes > ClaimedJob.MaxReadBytes
            ? new ClaimedInput(default, Request: null, bytes)
            : new ClaimedInput(payload, row.RequestJson is null ? null : new StoredRequest(row.RequestJson, body), UnreadBytes: 0);
    }
}

/// <summary>The part of a job's row that transitions need.</summary>
/// <param name="Job">The job as it is, or would be, in the queue.</param>
/// <param name="State">Its state.</param>
internal sealed record JobRow(QueuedRow Job, JobState State)
{
    public JobId Id => Job.Id;

    public long QueueId => Job.QueueId;

    public string Key => Job.Key;

    public int Attempt => Job.Attempt;

    public string? Lock => Job.Lock;

    public JobId? Batch => Job.Batch;

    public CancelReason? CancelReason { get; init; }

    public long? StartedAt { get; init; }

    public long? Lease { get; init; }

    public long? Parked { get; init; }

    /// <summary>When it may start; null when it is due.</summary>
    public long? DueAt { get; init; }

    /// <summary>A queued job. It names its signal only while it waits for that.</summary>
    public static JobRow Queued(QueuedRow job, long? dueAt, long? parked) =>
        new(dueAt is not null || parked > Ledger.Parked.InLockQueue ? job : job with { Signal = null }, JobState.Queued) { DueAt = dueAt, Parked = parked };

    /// <summary>The same job after its attempt has ended.</summary>
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

/// <summary>A job at its end, with everything that counters, events and callbacks need.</summary>
/// <param name="Attempt">Attempts that reached the send.</param>
/// <param name="HasCallback">A receiver is notified of its end.</param>
internal readonly record struct EndingJob(JobId Id, QueueRow Queue, string Key, int Attempt, JobId? Batch, bool HasCallback);

/// <summary>How an end changes the time since which the API has been saying "not now".</summary>
internal enum ThrottleMark
{
    Clear = 0,
    Set = 1,
    Keep = 2,
}
