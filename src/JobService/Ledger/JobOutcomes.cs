using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>The changes of one commit that others are notified of.</summary>
/// <param name="Ended">Jobs that reached a terminal state.</param>
/// <param name="StopRequests">Running jobs that are to stop.</param>
/// <param name="Batches">Batches that accepted jobs, had jobs end, or were closed.</param>
public sealed record StoreNews(IReadOnlyList<JobEnded> Ended, IReadOnlyList<StopRequest> StopRequests, IReadOnlyList<JobId> Batches)
{
    /// <summary>Receivers of callbacks with a delivery that is due now.</summary>
    public IReadOnlyCollection<string> DueReceivers { get; init; } = [];
}

public readonly record struct JobEnded(JobId Job, string Queue, JobState State);

public readonly record struct StopRequest(JobId Job, CancelReason Reason);

/// <summary>The result of a request to cancel a job.</summary>
public abstract record CancelOutcome
{
    private CancelOutcome()
    {
    }

    /// <summary>A new outcome is a new parameter here: a caller that does not handle it does not compile.</summary>
    public abstract T Match<T>(Func<T> notFound, Func<T> cancelled, Func<T> stopping, Func<JobState, T> finished);

    public sealed record NotFound : CancelOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<T> cancelled, Func<T> stopping, Func<JobState, T> finished) => notFound();
    }

    /// <summary>It is cancelled, now or before.</summary>
    public sealed record Cancelled : CancelOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<T> cancelled, Func<T> stopping, Func<JobState, T> finished) => cancelled();
    }

    /// <summary>It runs and has been told to stop.</summary>
    public sealed record Stopping : CancelOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<T> cancelled, Func<T> stopping, Func<JobState, T> finished) => stopping();
    }

    /// <summary>It succeeded or failed before.</summary>
    public sealed record Finished(JobState State) : CancelOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<T> cancelled, Func<T> stopping, Func<JobState, T> finished) => finished(State);
    }
}

/// <summary>The result of a request to retry a job.</summary>
public abstract record RetryOutcome
{
    private RetryOutcome()
    {
    }

    /// <summary>A new outcome is a new parameter here: a caller that does not handle it does not compile.</summary>
    public abstract T Match<T>(Func<T> notFound, Func<T> requeued, Func<JobState, T> wrongState, Func<T> queueDeleted, Func<T> full);

    public sealed record NotFound : RetryOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<T> requeued, Func<JobState, T> wrongState, Func<T> queueDeleted, Func<T> full) => notFound();
    }

    public sealed record Requeued : RetryOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<T> requeued, Func<JobState, T> wrongState, Func<T> queueDeleted, Func<T> full) => requeued();
    }

    /// <summary>Only failed and cancelled jobs are retried.</summary>
    public sealed record WrongState(JobState State) : RetryOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<T> requeued, Func<JobState, T> wrongState, Func<T> queueDeleted, Func<T> full) => wrongState(State);
    }

    /// <summary>The job's queue was deleted since.</summary>
    public sealed record QueueDeleted : RetryOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<T> requeued, Func<JobState, T> wrongState, Func<T> queueDeleted, Func<T> full) => queueDeleted();
    }

    /// <summary>The queue holds as many unfinished jobs as it may.</summary>
    public sealed record Full : RetryOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<T> requeued, Func<JobState, T> wrongState, Func<T> queueDeleted, Func<T> full) => full();
    }
}
