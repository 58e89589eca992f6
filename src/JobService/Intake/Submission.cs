using JobService.Jobs;

namespace JobService.Intake;

/// <summary>What the front door answers.</summary>
public abstract record Submission
{
    /// <summary>Durable. The job as it is now.</summary>
    public sealed record Accepted(Job Job) : Submission;

    /// <summary>The same key and body came before.</summary>
    public sealed record Replayed(JobId Job) : Submission;

    /// <summary>The idempotency key belongs to another body.</summary>
    public sealed record Mismatched : Submission;

    /// <summary>A submission with this idempotency key is being accepted right now.</summary>
    public sealed record InProgress : Submission;

    /// <summary>The queue, or the service, is full and stayed so for as long as a client is kept waiting.</summary>
    /// <param name="RetryAfter">From the drain rate, at least one second, jittered upwards.</param>
    public sealed record Full(TimeSpan RetryAfter) : Submission;

    public sealed record UnknownQueue(string Queue) : Submission;

    public sealed record NeverFits(string Limit, int MaxWeight, string Counts) : Submission;

    public sealed record RequestNotAllowed : Submission;

    /// <summary>The job's batch has been cancelled.</summary>
    public sealed record BatchStopped : Submission;

    /// <summary>Something in this job breaks the turn that takes it in: a defect of the service, which concerns no other submission.</summary>
    public sealed record Unstorable : Submission;

    /// <summary>Shutting down, or the storage cannot be written.</summary>
    public sealed record Unavailable(string Detail) : Submission;
}
