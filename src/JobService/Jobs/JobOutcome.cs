namespace JobService.Jobs;

/// <summary>How an attempt ended: a value that the executor returns and the completer writes.</summary>
/// <remarks>Only the attempt that still holds its lease may write it; a late one changes nothing.</remarks>
public abstract record JobOutcome
{
    /// <summary>The call was answered well and the answer processed: the job has <paramref name="Result"/>.</summary>
    public sealed record Succeeded(JobResult Result) : JobOutcome;

    /// <summary>A failure that is tried again after <paramref name="Wait"/>. Counts one failure.</summary>
    public sealed record Retried(JobError Error, TimeSpan Wait) : JobOutcome;

    /// <summary>A failure that ends the job. Counts one failure.</summary>
    public sealed record Failed(JobError Error) : JobOutcome;

    /// <summary>The API said "not now". Counts no failure; how long to wait was told with the <see cref="CallLesson"/> of the call.</summary>
    public sealed record Throttled(JobError Error) : JobOutcome;

    /// <summary>Stopped on request or because nobody waits any more.</summary>
    public sealed record Cancelled(CancelReason Reason) : JobOutcome;

    /// <summary>Never reached the send: slot missed, queue paused, circuit open, shutdown. The claim is undone: no attempt, no failure.</summary>
    public sealed record Unstarted : JobOutcome;

    /// <summary>Stopped in the middle by a shutdown. The attempt stands, no failure is counted, the job is queued again.</summary>
    public sealed record Returned : JobOutcome;
}

/// <summary>An outcome with the attempt that it belongs to.</summary>
/// <param name="Job">The job.</param>
/// <param name="Lease">The token of the claim.</param>
/// <param name="StartedAt">Moment of the send; null when the attempt never reached it.</param>
/// <param name="EndedAt">Moment of the end, after processing.</param>
/// <param name="Outcome">How it ended.</param>
public sealed record AttemptEnd(JobId Job, long Lease, DateTimeOffset? StartedAt, DateTimeOffset EndedAt, JobOutcome Outcome)
{
    /// <summary>What its limits are to count the start as, when the end of the call has shown that it was later; null when not.</summary>
    public DateTimeOffset? CountsAt { get; init; }
}
