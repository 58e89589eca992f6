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

/// <summary>What became of one new job.</summary>
public abstract record Addition
{
    /// <summary>Durable. The job as it is now.</summary>
    public sealed record Accepted(Job Job) : Addition;

    /// <summary>The same submission came before: the job as it is now.</summary>
    public sealed record Replayed(JobId Job) : Addition;

    /// <summary>The idempotency key belongs to another body.</summary>
    public sealed record Mismatched : Addition;

    /// <summary>The queue holds as many unfinished jobs as it may.</summary>
    public sealed record Full : Addition;

    public sealed record UnknownQueue : Addition;

    /// <summary>The job is heavier than the limit ever allows.</summary>
    public sealed record NeverFits(string Limit, int MaxWeight, string Counts) : Addition;

    /// <summary>The job has a <c>request</c>, and the queue's target is not <c>http</c>.</summary>
    public sealed record RequestNotAllowed : Addition;

    /// <summary>The job's batch has been cancelled or closed.</summary>
    public sealed record BatchStopped : Addition;

    /// <summary>Something in this job breaks the turn that takes it in: a defect of the service, which concerns no other job.</summary>
    public sealed record Unstorable : Addition;
}

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
