namespace JobService.Jobs;

/// <summary>How an attempt ended: a value that the executor returns and the completer writes.</summary>
/// <remarks>Only the attempt that still holds its lease may write it; a late one changes nothing.</remarks>
public abstract record JobOutcome
{
    private JobOutcome()
    {
    }

    /// <summary>Handles each outcome. A new outcome is a new method here: a reader that does not handle it does not compile.</summary>
    public interface IReader
    {
        void Read(Succeeded outcome);

        void Read(Retried outcome);

        void Read(Failed outcome);

        void Read(Throttled outcome);

        void Read(Cancelled outcome);

        void Read(Unstarted outcome);

        void Read(Returned outcome);
    }

    /// <summary>The job goes back to its queue; otherwise it is over.</summary>
    public abstract bool RunsAgain { get; }

    /// <summary>The attempt did not come to its end: it never started, or a shutdown stopped it.</summary>
    public abstract bool IsUnfinished { get; }

    public abstract void Read(IReader reader);

    /// <summary>The call was successful and its response processed: the job has <paramref name="Result"/>.</summary>
    public sealed record Succeeded(JobResult Result) : JobOutcome
    {
        public override bool RunsAgain => false;

        public override bool IsUnfinished => false;

        public override void Read(IReader reader) => reader.Read(this);
    }

    /// <summary>A failure that is tried again after <paramref name="Wait"/>. Counts one failure.</summary>
    public sealed record Retried(JobError Error, TimeSpan Wait) : JobOutcome
    {
        public override bool RunsAgain => true;

        public override bool IsUnfinished => false;

        public override void Read(IReader reader) => reader.Read(this);
    }

    /// <summary>A failure that ends the job. Counts one failure.</summary>
    public sealed record Failed(JobError Error) : JobOutcome
    {
        public override bool RunsAgain => false;

        public override bool IsUnfinished => false;

        public override void Read(IReader reader) => reader.Read(this);
    }

    /// <summary>The API said "not now". Counts no failure; how long to wait is part of the <see cref="CallFeedback"/> of the call.</summary>
    public sealed record Throttled(JobError Error) : JobOutcome
    {
        public override bool RunsAgain => true;

        public override bool IsUnfinished => false;

        public override void Read(IReader reader) => reader.Read(this);
    }

    /// <summary>Stopped on request or because nobody waits any more.</summary>
    public sealed record Cancelled(CancelReason Reason) : JobOutcome
    {
        public override bool RunsAgain => false;

        public override bool IsUnfinished => false;

        public override void Read(IReader reader) => reader.Read(this);
    }

    /// <summary>Never reached the send: slot missed, queue paused, circuit open, shutdown. The claim is undone: no attempt, no failure.</summary>
    public sealed record Unstarted : JobOutcome
    {
        /// <summary>The obstacle is gone: its lane need not wait before the next claim.</summary>
        public bool StartsNext { get; init; }

        public override bool RunsAgain => true;

        public override bool IsUnfinished => true;

        public override void Read(IReader reader) => reader.Read(this);
    }

    /// <summary>Stopped by a shutdown during the attempt. The attempt is kept, no failure is counted, and the job is queued again.</summary>
    public sealed record Returned : JobOutcome
    {
        public override bool RunsAgain => true;

        public override bool IsUnfinished => true;

        public override void Read(IReader reader) => reader.Read(this);
    }
}

/// <summary>An outcome with the attempt that it belongs to.</summary>
/// <param name="Job">The job.</param>
/// <param name="Lease">The token of the claim.</param>
/// <param name="StartedAt">Moment of the send; null when the attempt never reached it.</param>
/// <param name="EndedAt">Moment of the end, after processing.</param>
/// <param name="Outcome">How it ended.</param>
public sealed record AttemptEnd(JobId Job, long Lease, DateTimeOffset? StartedAt, DateTimeOffset EndedAt, JobOutcome Outcome)
{
    /// <summary>The start time that its limits should count, when the end of the call has shown that it was later; otherwise null.</summary>
    public DateTimeOffset? CountsAt { get; init; }
}
