using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>The state of a job in the store.</summary>
public sealed record Job
{
    public required JobId Id { get; init; }

    public required string Queue { get; init; }

    public required JobState State { get; init; }

    public required string Key { get; init; }

    public required int Priority { get; init; }

    public required int Weight { get; init; }

    public required IReadOnlyDictionary<string, int>? Weights { get; init; }

    /// <summary>The name of a lock: at most one job in the whole service holds it at a time.</summary>
    public required string? Lock { get; init; }

    /// <summary>Attempts that reached the send, the running one included.</summary>
    public int Attempt { get; init; }

    /// <summary>Attempts that count against <see cref="MaxAttempts"/>.</summary>
    public int Failures { get; init; }

    public required int MaxAttempts { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset? NotBefore { get; init; }

    public required DateTimeOffset? StartBefore { get; init; }

    /// <summary>Start of the latest attempt.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public required IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Its place in a batch.</summary>
    public required BatchPlace? Batch { get; init; }

    /// <summary>Where its summary is sent when it is over; null when nobody is notified.</summary>
    public required string? CallbackUrl { get; init; }

    /// <summary>Why and until when the job waits; only while it is queued.</summary>
    public required Waiting? Waiting { get; init; }

    public CancelReason? CancelReason { get; init; }

    /// <summary>True on a running job that has been told to stop.</summary>
    public bool Stopping { get; init; }

    /// <summary>The response after processing; of a succeeded job. Lists leave it out.</summary>
    public JobResult? Result { get; init; }

    public JobError? Error { get; init; }

    /// <summary>Every attempt that reached the send, oldest first. Lists leave it out.</summary>
    public IReadOnlyList<Attempt>? Attempts { get; init; }
}

/// <summary>The response after processing.</summary>
/// <param name="Status">HTTP status of the API's response.</param>
/// <param name="ContentType">Media type as the API sent it; null when it sent none.</param>
/// <param name="Body">The bytes, or null when there are more than the reader wants inline.</param>
/// <param name="Length">Bytes of the body.</param>
public sealed record JobResult(int Status, string? ContentType, ReadOnlyMemory<byte>? Body, long Length)
{
    /// <summary>Headers of the API's response that the queue keeps; null when there were none.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }
}

/// <summary>Why a job failed, or its last attempt did.</summary>
/// <param name="Type">Stable name, as in <c>/problems/{type}</c>: see <see cref="ErrorTypes"/>.</param>
/// <param name="Status">HTTP status of the API's response, if there was one.</param>
/// <param name="Detail">What happened here; up to 4 KiB of the API's response.</param>
public sealed record JobError([property: JsonPropertyOrder(-2)] string Type, int? Status, string? Detail)
{
    /// <summary>Bytes of a response that a failed job keeps.</summary>
    public const int MaxDetailBytes = 4096;

    /// <summary>A short phrase, the same for every error of the type and on the page of it.</summary>
    [JsonPropertyOrder(-1)]
    public string Title => ErrorTypes.TitleOf(Type);

    /// <summary>Headers of the API's response that the queue keeps; null when there were none.</summary>
    [JsonIgnore] // shown with the response, not with the error
    public IReadOnlyDictionary<string, string>? Headers { get; init; }
}

/// <summary>One try that reached the send.</summary>
/// <param name="Number">From 1.</param>
/// <param name="StartedAt">Moment of the send.</param>
/// <param name="EndedAt">Null while it runs.</param>
/// <param name="Status">HTTP status of the response, if there was one.</param>
/// <param name="Outcome">How it ended, in one word of <see cref="JobOutcome"/>; null while it runs.</param>
public sealed record Attempt(int Number, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, int? Status, string? Outcome);

/// <summary>Why a job was cancelled.</summary>
// The numbers are stored in the database: they never change.
public enum CancelReason
{
    Request = 1,
    Disconnect = 2,
    Deadline = 3,
    Purge = 4,
    Batch = 5,

    /// <summary>Reserved: nothing sets it.</summary>
    Dependency = 6,
}

/// <summary>Why a queued job waits.</summary>
/// <param name="Reason">What it waits for.</param>
/// <param name="Limit">The limit it waits for, if that is the reason.</param>
/// <param name="Until">The moment it may start; null when that depends on other jobs' ends.</param>
/// <param name="Position">Position within its lane, or in the wait queue of its lock; 1 is next; counted up to 1 000, beyond that null.</param>
public sealed record Waiting(WaitReason Reason, string? Limit = null, DateTimeOffset? Until = null, int? Position = null);

public enum WaitReason
{
    /// <summary>Other jobs of the queue go first.</summary>
    Turn,

    /// <summary><c>notBefore</c> has not been reached.</summary>
    Time,

    /// <summary>A rate limit.</summary>
    Limit,

    /// <summary>A concurrency limit or the queue's <c>maxConcurrency</c>.</summary>
    Concurrency,
    Lock,
    Signal,

    /// <summary>The last attempt failed; the next comes later.</summary>
    Retry,

    /// <summary>The queue is paused.</summary>
    Paused,

    /// <summary>Reserved: nothing sets it.</summary>
    Dependency,
}
