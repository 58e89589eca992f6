using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Receives the changes of one commit, on the store's own thread: it copies them and returns.</summary>
/// <param name="at">The moment of the changes.</param>
/// <param name="changes">In order, at least one. The store reuses the list.</param>
public delegate void StoreListener(DateTimeOffset at, ReadOnlySpan<StoreEvent> changes);

/// <summary>What a <see cref="StoreEvent"/> is about.</summary>
public enum StoreEventKind
{
    /// <summary>A job has moved to another state.</summary>
    Job,

    /// <summary>The current state of a job, on request.</summary>
    JobAsItStands,
    Queue,
    Limit,
    Signal,
}

/// <summary>One change. A struct with existing strings only: tens of thousands per second are collected on the store's own thread.</summary>
/// <param name="Kind">What has changed.</param>
/// <param name="Name">The queue (of a job: its queue), the limit or the signal.</param>
/// <param name="Word">What happened to a queue, limit or signal: <c>created</c>, <c>replaced</c>, <c>deleted</c>, <c>paused</c>, <c>resumed</c>, <c>set</c>, <c>cleared</c>.
/// Why a job is queued again, was cancelled or has failed; null when there is nothing to say.</param>
public readonly record struct StoreEvent(StoreEventKind Kind, string Name, string? Word)
{
    public JobId Job { get; init; }

    public string Key { get; init; } = "";

    public JobState State { get; init; }

    /// <summary>Attempts that reached the send, the running one included.</summary>
    public int Attempt { get; init; }

    /// <summary>The job's batch; none of that id when it has none.</summary>
    public JobId Batch { get; init; }

    public static StoreEvent OfJob(JobId job, string queue, string key, JobState state, int attempt, JobId batch, string? reason = null) =>
        new(StoreEventKind.Job, queue, reason) { Job = job, Key = key, State = state, Attempt = attempt, Batch = batch };
}
