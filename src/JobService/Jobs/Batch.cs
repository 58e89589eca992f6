namespace JobService.Jobs;

/// <summary>Many jobs submitted together whose results are read together, as they stand at one moment.</summary>
public sealed record Batch
{
    /// <summary>Drawn from the same source as the ids of jobs: no batch has the id of a job.</summary>
    public required JobId Id { get; init; }

    /// <summary>The queue of the jobs that name none themselves.</summary>
    public required string Queue { get; init; }

    /// <summary>The first job that fails takes the others with it.</summary>
    public bool CancelOnFailure { get; init; }

    /// <summary>Its upload goes on: more jobs may come.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Why the batch was told to stop; null when it was not.</summary>
    public CancelReason? CancelReason { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the last job ended; null while there are others, or while more may come.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Where its summary is sent when it is over; null when nobody is told.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>Jobs that were taken in.</summary>
    public long Total { get; init; }

    public long Running { get; init; }

    public long Succeeded { get; init; }

    public long Failed { get; init; }

    public long Cancelled { get; init; }

    /// <summary>The number that the latest end got. Numbers rise by one with each end; a job that is retried leaves its number behind.</summary>
    public long LastCompletion { get; init; }

    /// <summary>Ends a second lately; null before the first.</summary>
    public double? EndsPerSecond { get; init; }

    public long Ended => Succeeded + Failed + Cancelled;

    public long Queued => Total - Ended - Running;

    /// <summary>Nothing is left to wait for.</summary>
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

/// <summary>Where a batch stands.</summary>
public enum BatchState
{
    /// <summary>Its upload goes on.</summary>
    Open,

    /// <summary>Not all of its jobs have ended.</summary>
    Running,

    /// <summary>All of its jobs succeeded.</summary>
    Succeeded,

    /// <summary>At least one of its jobs failed.</summary>
    Failed,

    /// <summary>None failed, and at least one was cancelled; or nothing of its upload was taken in.</summary>
    Cancelled,
}

/// <summary>A batch as it is submitted.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Queue">The queue of the jobs that name none themselves.</param>
/// <param name="CancelOnFailure">The first job that fails takes the others with it.</param>
/// <param name="Idempotency">Makes the submission repeatable.</param>
/// <param name="Callback">Who is told when it is over; null: nobody.</param>
public sealed record NewBatch(JobId Id, string Queue, bool CancelOnFailure = false, IdempotencyKey? Idempotency = null, Callback? Callback = null);

/// <summary>A job's place in its batch.</summary>
/// <param name="Batch">The batch's id.</param>
/// <param name="Index">From 0, in the order of submission.</param>
public readonly record struct BatchPlace(JobId Batch, int Index);

/// <summary>The end of one job of a batch.</summary>
/// <param name="Index">The job's place.</param>
/// <param name="Completion">The number of this end within the batch, from 1.</param>
/// <param name="Job">The job.</param>
/// <param name="State"><see cref="JobState.Succeeded"/>, <see cref="JobState.Failed"/> or <see cref="JobState.Cancelled"/>.</param>
public sealed record BatchResult(int Index, long Completion, JobId Job, JobState State)
{
    public JobResult? Result { get; init; }

    public JobError? Error { get; init; }

    public CancelReason? CancelReason { get; init; }
}
