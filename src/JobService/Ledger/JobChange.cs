using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>A change of one job's rows. The transitions of <see cref="JobState"/>: each applies only to jobs in a state that allows it.</summary>
internal abstract record JobChange : Change
{
    private JobChange(long stamp) => Stamp = stamp;

    public long Stamp { get; }

    public override string Kind => $"{base.Kind} of row {Stamp}";

    internal interface IWriter
    {
        int Write(Inserted change);

        int Write(Remembered change);

        int Write(Claimed change);

        int Write(Succeeded change);

        int Write(Failed change);

        int Write(Stopped change);

        int Write(Requeued change);

        int Write(ErrorWritten change);

        int Write(AttemptWritten change);

        int Write(Cancelled change);

        int Write(ToldToStop change);

        int Write(Reopened change);

        int Write(CameDue change);

        int Write(Placed change);

        int Write(Numbered change);

        int Write(Deleted change);
    }

    public override void ApplyTo(Fetched fetched) => fetched.Apply(this);

    /// <summary>The row after this change: the statements of a database must have the same effect.</summary>
    /// <param name="row">The row before; null when there was none.</param>
    public JobRow? Of(JobRow? row) => row is null ? Made() : After(row);

    public sealed override int WriteTo(IChangeWriters writers) => WriteTo(writers.Jobs);

    /// <summary>The row of a new job.</summary>
    protected virtual JobRow? Made() => null;

    /// <inheritdoc cref="Of"/>
    protected virtual JobRow? After(JobRow row) => row;

    protected abstract int WriteTo(IWriter writer);

    /// <summary>Nothing to queued.</summary>
    /// <param name="Row">The job.</param>
    /// <param name="QueueId">Its queue.</param>
    /// <param name="Now">Ticks of store time.</param>
    /// <param name="DueAt">When it may start; null: at once.</param>
    /// <param name="Parked">Where it waits (<see cref="Ledger.Parked"/>).</param>
    public sealed record Inserted(NewRow Row, long QueueId, long Now, long? DueAt, long? Parked) : JobChange(Row.Job.Id.Stamp)
    {
        public override void ApplyTo(Fetched fetched)
        {
            base.ApplyTo(fetched);
            if (Row.Job.Idempotency is { } key)
                fetched.PutKey(key.Key, (key.Fingerprint, Row.Job.Id));
        }

        protected override JobRow Made() => JobRow.Queued(QueuedRow.Of(Row, QueueId), DueAt, Parked);

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>The job or the batch was submitted with the key.</summary>
    public sealed record Remembered(IdempotencyKey Key, JobId Subject) : JobChange(Subject.Stamp)
    {
        public override void ApplyTo(Fetched fetched) => fetched.PutKey(Key.Key, (Key.Fingerprint, Subject));

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Queued in its lane to running.</summary>
    public sealed record Claimed(long Stamp, long Lease, long StartedAt) : JobChange(Stamp)
    {
        protected override JobRow After(JobRow row) =>
            row with { Job = row.Job with { Attempt = row.Attempt + 1 }, State = JobState.Running, Lease = Lease, StartedAt = StartedAt };

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    public sealed record Succeeded(long Stamp, long Lease, long StartedAt, long EndedAt, JobResult Result) : JobChange(Stamp)
    {
        protected override JobRow After(JobRow row) => row.Ended(JobState.Succeeded, StartedAt, undoAttempt: false);

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    public sealed record Failed(long Stamp, long Lease, long? StartedAt, long EndedAt, bool UndoAttempt) : JobChange(Stamp)
    {
        protected override JobRow After(JobRow row)
        {
            var ended = row.Ended(JobState.Failed, StartedAt, UndoAttempt);
            return ended with { Job = ended.Job with { Failures = row.Job.Failures + 1 } };
        }

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Running to cancelled.</summary>
    public sealed record Stopped(long Stamp, long Lease, long? StartedAt, long EndedAt, bool UndoAttempt, CancelReason Reason) : JobChange(Stamp)
    {
        protected override JobRow After(JobRow row) => row.Ended(JobState.Cancelled, StartedAt, UndoAttempt) with { CancelReason = Reason };

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Running to queued.</summary>
    public sealed record Requeued(long Stamp, long Lease, long? StartedAt, long Now) : JobChange(Stamp)
    {
        /// <summary>When it may start; null: at once.</summary>
        public long? DueAt { get; init; }

        public bool CountFailure { get; init; }

        public bool UndoAttempt { get; init; }

        /// <summary>How the time changes since which the API has been saying "not now".</summary>
        public required ThrottleMark Throttle { get; init; }

        public long? Parked { get; init; }

        protected override JobRow After(JobRow row)
        {
            var throttled = Throttle == ThrottleMark.Clear ? null : row.Job.ThrottledSince ?? (Throttle == ThrottleMark.Set ? Now : null);
            var job = row.Job with { Attempt = row.Attempt - (UndoAttempt ? 1 : 0), Failures = row.Job.Failures + (CountFailure ? 1 : 0), ThrottledSince = throttled };
            return row with { Job = job, State = JobState.Queued, Lease = null, StartedAt = StartedAt, DueAt = DueAt, Parked = Parked };
        }

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    public sealed record ErrorWritten(long Stamp, JobError Error) : JobChange(Stamp)
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>An attempt that did not succeed.</summary>
    public sealed record AttemptWritten(long Stamp, int Number, long StartedAt, long EndedAt, int? Status, string Outcome) : JobChange(Stamp)
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Queued to cancelled.</summary>
    public sealed record Cancelled(long Stamp, long Now, CancelReason Reason) : JobChange(Stamp)
    {
        protected override JobRow After(JobRow row) => row with { State = JobState.Cancelled, CancelReason = Reason, DueAt = null, Parked = null };

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>The job keeps running until its attempt ends. The first reason stays.</summary>
    public sealed record ToldToStop(long Stamp, CancelReason Reason) : JobChange(Stamp)
    {
        protected override JobRow After(JobRow row) => row with { CancelReason = row.CancelReason ?? Reason };

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Failed or cancelled to queued. A deadline that has passed is removed.</summary>
    public sealed record Reopened(long Stamp, long Wall, long? Parked) : JobChange(Stamp)
    {
        protected override JobRow After(JobRow row)
        {
            var job = row.Job with { Failures = 0, ThrottledSince = null, StartBefore = row.Job.StartBefore <= Wall ? null : row.Job.StartBefore };
            return JobRow.Queued(job, dueAt: null, Parked) with { StartedAt = row.StartedAt };
        }

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>A queued job has become due.</summary>
    public sealed record CameDue(long Stamp, long? Parked) : JobChange(Stamp)
    {
        protected override JobRow After(JobRow row) => JobRow.Queued(row.Job, dueAt: null, Parked) with { StartedAt = row.StartedAt, CancelReason = row.CancelReason };

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>A queued job moves: to its lane, to the wait queue of its lock, or out of a signal's.</summary>
    public sealed record Placed(long Stamp, long? Parked) : JobChange(Stamp)
    {
        protected override JobRow After(JobRow row) => row with { Job = row.Job with { Signal = null }, Parked = Parked };

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Sets the completion number of a job in its batch.</summary>
    public sealed record Numbered(long Stamp, long Completion) : JobChange(Stamp)
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Deletes a finished job with everything that belongs to it.</summary>
    public sealed record Deleted(long Stamp) : JobChange(Stamp)
    {
        protected override JobRow? After(JobRow row) => null;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
