using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>What one commit changed for others.</summary>
/// <param name="Ended">Jobs that reached a terminal state.</param>
/// <param name="StopRequests">Running jobs that are to stop.</param>
/// <param name="Batches">Batches that took jobs in, had jobs end, or were closed.</param>
public sealed record StoreNews(IReadOnlyList<JobEnded> Ended, IReadOnlyList<StopRequest> StopRequests, IReadOnlyList<JobId> Batches)
{
    /// <summary>Receivers of callbacks with a delivery that is due now.</summary>
    public IReadOnlyCollection<string> DueReceivers { get; init; } = [];
}

public readonly record struct JobEnded(JobId Job, string Queue, JobState State);

public readonly record struct StopRequest(JobId Job, CancelReason Reason);

public abstract record CancelOutcome
{
    public sealed record NotFound : CancelOutcome;

    /// <summary>It is cancelled, now or before.</summary>
    public sealed record Cancelled : CancelOutcome;

    /// <summary>It runs and has been told to stop.</summary>
    public sealed record Stopping : CancelOutcome;

    /// <summary>It succeeded or failed before.</summary>
    public sealed record Finished(JobState State) : CancelOutcome;
}

public abstract record RetryOutcome
{
    public sealed record NotFound : RetryOutcome;

    public sealed record Requeued : RetryOutcome;

    /// <summary>Only failed and cancelled jobs are retried.</summary>
    public sealed record WrongState(JobState State) : RetryOutcome;

    /// <summary>The job's queue was deleted since.</summary>
    public sealed record QueueDeleted : RetryOutcome;

    /// <summary>The queue holds as many unfinished jobs as it may.</summary>
    public sealed record Full : RetryOutcome;
}
