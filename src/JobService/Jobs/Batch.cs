namespace JobService.Jobs;

/// <summary>Many jobs submitted together whose results are read together: its state at one moment.</summary>
public sealed record Batch
{
    /// <summary>From the same source as job ids: no batch has the id of a job.</summary>
    public required JobId Id { get; init; }

    /// <summary>The queue of the jobs that name none themselves.</summary>
    public required string Queue { get; init; }

    /// <summary>The first job that fails cancels the others.</summary>
    public bool CancelOnFailure { get; init; }

    /// <summary>Its upload is in progress: more jobs may arrive.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Why the batch was cancelled; null when it was not.</summary>
    public CancelReason? CancelReason { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the last job ended; null while there are others, or while more may arrive.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Where its summary is sent when it is over; null when nobody is notified.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>Jobs that were accepted.</summary>
    public long Total { get; init; }

    public long Running { get; init; }

    public long Succeeded { get; init; }

    public long Failed { get; init; }

    public long Cancelled { get; init; }

    /// <summary>The completion number of the latest end. Numbers increase by one with each end; a job that is retried loses its number.</summary>
    public long LastCompletion { get; init; }

    /// <summary>Recent ends per second; null before the first.</summary>
    public double? EndsPerSecond { get; init; }

    public long Ended => Succeeded + Failed + Cancelled;

    public long Queued => Total - Ended - Running;

    /// <summary>All of its jobs have ended and no more can arrive.</summary>
    public bool IsOver => !IsOpen && Ended == Total;

    public BatchState State => this switch
    {
        { IsOpen: true } => BatchState.Open,
        { IsOver: false } => BatchState.Running,
        { Failed: > 0 } => BatchState.Failed,
        { Cancelled: > 0 } or { Total: 0, CancelReason: not null } => BatchState.Cancelled,
        _ => BatchState.Succeeded,
    };
}

/// <summary>The state of a batch.</summary>
public enum BatchState
{
    /// <summary>Its upload is in progress.</summary>
    Open,

    /// <summary>Not all of its jobs have ended.</summary>
    Running,

    /// <summary>All of its jobs succeeded.</summary>
    Succeeded,

    /// <summary>At least one of its jobs failed.</summary>
    Failed,

    /// <summary>None failed, and at least one was cancelled; or no job of its upload was accepted.</summary>
    Cancelled,
}

/// <summary>A batch to be submitted.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Queue">The queue of the jobs that name none themselves.</param>
/// <param name="CancelOnFailure">The first job that fails cancels the others.</param>
/// <param name="Idempotency">Makes the submission safe to repeat.</param>
/// <param name="Callback">Who is notified when it is over; null: nobody.</param>
public sealed record NewBatch(JobId Id, string Queue, bool CancelOnFailure = false, IdempotencyKey? Idempotency = null, Callback? Callback = null);

/// <summary>A job's place in its batch.</summary>
/// <param name="Batch">The batch's id.</param>
/// <param name="Index">From 0, in the order of submission.</param>
public readonly record struct BatchPlace(JobId Batch, int Index);

/// <summary>The end of one job of a batch.</summary>
/// <param name="Index">The job's index.</param>
/// <param name="Completion">The number of this end within the batch, from 1.</param>
/// <param name="Job">The job.</param>
/// <param name="State"><see cref="JobState.Succeeded"/>, <see cref="JobState.Failed"/> or <see cref="JobState.Cancelled"/>.</param>
public sealed record BatchResult(int Index, long Completion, JobId Job, JobState State)
{
    public JobResult? Result { get; init; }

    public JobError? Error { get; init; }

    public CancelReason? CancelReason { get; init; }
}
