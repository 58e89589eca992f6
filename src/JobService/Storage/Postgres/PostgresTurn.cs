using System.Runtime.InteropServices;
using JobService.Jobs;
using JobService.Limits;
using JobService.Ledger;

namespace JobService.Storage.Postgres;

/// <summary>The changes of a turn as arrays, for the procedure that writes them (Migrations/0002_turn.sql).</summary>
/// <remarks>
/// The procedure writes first the ends of jobs, then new jobs, then all else in its order, and last the claims. Nearly every turn changes each job in that order; one that does not is written in several
/// parts, in one transaction.
/// </remarks>
internal sealed class PostgresTurn : IChangeWriters, JobChange.IWriter, SignalChange.IWriter, BatchChange.IWriter, DefinitionChange.IWriter, LimitStateChange.IWriter, DeliveryChange.IWriter, ClockChange.IWriter
{
    /// <summary>A later value is not a time: moved, it would overflow.</summary>
    private static readonly long lastMoment = DateTime.MaxValue.Ticks;

    private readonly List<TurnPart> parts = [new TurnPart()];

    /// <summary>Where each job of the last part has been changed.</summary>
    private readonly Dictionary<long, Stage> stages = [];

    /// <summary>The place of each end of the last part.</summary>
    private readonly Dictionary<long, int> ends = [];

    private int count = 1;

    private enum Stage
    {
        End,
        Addition,
        Other,
        Claim,
    }

    /// <summary>In this order, at least one.</summary>
    public IReadOnlyList<TurnPart> Parts => parts[..count];

    JobChange.IWriter IChangeWriters.Jobs => this;

    SignalChange.IWriter IChangeWriters.Signals => this;

    BatchChange.IWriter IChangeWriters.Batches => this;

    DefinitionChange.IWriter IChangeWriters.Definitions => this;

    LimitStateChange.IWriter IChangeWriters.LimitStates => this;

    DeliveryChange.IWriter IChangeWriters.Deliveries => this;

    ClockChange.IWriter IChangeWriters.Clock => this;

    private TurnPart Last => parts[count - 1];

    public void Set(IReadOnlyList<Change> changes)
    {
        parts[..count].ForEach(part => part.Clear());
        parts.RemoveRange(1, parts.Count - 1);
        count = 1;
        stages.Clear();
        ends.Clear();
        for (var i = 0; i < changes.Count; i++)
            changes[i].WriteTo(this);
    }

    public int Write(JobChange.Inserted change)
    {
        var (row, job, dueAt, parked) = (change.Row, change.Row.Job, change.DueAt, change.Parked);
        var part = PartFor(change.Stamp, Stage.Addition);
        part.Additions.Stamp.Add(change.Stamp);
        part.Additions.Salt.Add(job.Id.Salt);
        part.Additions.Queue.Add(change.QueueId);
        part.Additions.CreatedAt.Add(change.Now);
        part.Additions.DueAt.Add(dueAt);
        part.Additions.StartBefore.Add(job.StartBefore?.UtcTicks);
        part.Additions.Parked.Add(parked);
        part.Additions.Timeout.Add(row.TimeoutMs);
        part.Additions.Batch.Add(job.Batch?.Batch.Stamp);
        part.Additions.NotBefore.Add(job.NotBefore?.UtcTicks);
        part.Additions.Rank.Add(-job.Priority);
        part.Additions.Weight.Add(job.Weight);
        part.Additions.MaxAttempts.Add(job.MaxAttempts);
        part.Additions.BatchIndex.Add(job.Batch?.Index);
        part.Additions.OnWall.Add(dueAt is not null && !job.IsDelay);
        part.Additions.HasCallback.Add(job.Callback is not null);
        part.Additions.Key.Add(job.Key);
        part.Additions.Lock.Add(job.Lock);
        part.Additions.Signal.Add(dueAt is not null || parked > Parked.InLockQueue ? job.Signal : null);
        part.Additions.Weights.Add(row.WeightsJson);
        part.Additions.Request.Add(row.RequestJson);
        part.Additions.Tags.Add(row.TagsJson);
        part.Additions.Idempotency.Add(job.Idempotency?.Key);
        part.Additions.Payload.Add(BytesOf(job.Payload));
        part.Additions.RequestBody.Add(BytesOf(job.Request?.Body));
        foreach (var (name, value) in job.Tags ?? NoTags)
            part.AddTag(change.Stamp, $"{name}:{value}");
        return job.Idempotency is { } idempotency ? Remember(part, idempotency, change.Stamp) : 1;
    }

    public int Write(JobChange.Remembered change) => Remember(PartFor(change.Stamp, Stage.Addition), change.Key, change.Stamp);

    public int Write(JobChange.Claimed change)
    {
        var claims = PartFor(change.Stamp, Stage.Claim).Claims;
        claims.Stamp.Add(change.Stamp);
        claims.Lease.Add(change.Lease);
        claims.StartedAt.Add(change.StartedAt);
        return 1;
    }

    public int Write(JobChange.Succeeded change)
    {
        var part = End(change.Stamp, change.Lease, JobState.Succeeded, change.StartedAt, change.EndedAt);
        var result = change.Result;
        part.Results.Stamp.Add(change.Stamp);
        part.Results.Status.Add(result.Status);
        part.Results.ContentType.Add(PostgresText.Of(result.ContentType));
        part.Results.Headers.Add(result.Headers is { } headers ? ColumnJson.Write(headers) : null);
        part.Results.Body.Add(BytesOf(result.Body ?? default));
        return 1;
    }

    public int Write(JobChange.Failed change)
    {
        End(change.Stamp, change.Lease, JobState.Failed, change.StartedAt, change.EndedAt, failures: 1, attempts: change.UndoAttempt ? 1 : 0);
        return 1;
    }

    public int Write(JobChange.Stopped change)
    {
        End(change.Stamp, change.Lease, JobState.Cancelled, change.StartedAt, change.EndedAt, attempts: change.UndoAttempt ? 1 : 0, reason: change.Reason);
        return 1;
    }

    public int Write(JobChange.Cancelled change)
    {
        End(change.Stamp, lease: 0, JobState.Cancelled, startedAt: null, change.Now, reason: change.Reason);
        return 1;
    }

    public int Write(JobChange.Numbered change)
    {
        if (ends.TryGetValue(change.Stamp, out var at))
            Last.Ends.Completion[at] = change.Completion;
        else
            Job(17, change).Of(change.Stamp, change.Completion);
        return 1;
    }

    public int Write(JobChange.Requeued change) => Job(4, change).Of(
        change.Stamp, change.Lease, change.StartedAt, change.DueAt, change.CountFailure ? 1 : 0, change.UndoAttempt ? 1 : 0, (long)change.Throttle, change.Now, change.Parked);

    public int Write(JobChange.AttemptWritten change) =>
        Other(5, change).Of(change.Stamp, change.Number, change.StartedAt, change.EndedAt, change.Status).Texts(change.Outcome);

    public int Write(JobChange.ErrorWritten change)
    {
        var error = change.Error;
        return Other(6, change).Of(change.Stamp, error.Status).Texts(error.Type, PostgresText.Of(error.Detail), error.Headers is { } headers ? ColumnJson.Write(headers) : null);
    }

    public int Write(JobChange.Placed change) => Job(7, change).Of(change.Stamp, change.Parked);

    public int Write(JobChange.CameDue change) => Job(8, change).Of(change.Stamp, change.Parked);

    public int Write(JobChange.ToldToStop change) => Job(15, change).Of(change.Stamp, (long)change.Reason);

    public int Write(JobChange.Reopened change) => Job(16, change).Of(change.Stamp, change.Wall, change.Parked);

    public int Write(JobChange.Deleted change) => Job(18, change).Of(change.Stamp);

    public int Write(SignalChange.Put change) => Other(19, change).Of(change.SetCount, change.SetAt).Texts(change.Name);

    public int Write(SignalChange.Deleted change) => Other(20, change).Of().Texts(change.Name);

    public int Write(BatchChange.Inserted change)
    {
        var batch = change.Batch;
        return Other(13, change).Of(batch.Id.Stamp, batch.Id.Salt, batch.CancelOnFailure ? 1 : 0, batch.CreatedAt).Texts(batch.Queue, batch.Idempotency);
    }

    public int Write(BatchChange.Counted change)
    {
        var batch = change.Batch;
        return Other(12, change).Of(
            batch.Id.Stamp, batch.IsOpen ? 1 : 0, (long?)batch.CancelReason, batch.StopFrom, batch.FinishedAt, batch.Total, batch.Succeeded, batch.Failed, batch.Cancelled, batch.LastCompletion);
    }

    public int Write(BatchChange.Deleted change) => Other(14, change).Of(change.Stamp).Texts(change.Idempotency);

    public int Write(DefinitionChange.LimitPut change)
    {
        var entry = change.Entry;
        return Other(21, change).Of(entry.Revision, entry.FromConfiguration ? 1 : 0).Texts(entry.Name, ColumnJson.Write(entry.Definition), change.Declared);
    }

    public int Write(DefinitionChange.LimitDeleted change) => Other(22, change).Of().Texts(change.Name);

    public int Write(DefinitionChange.QueuePut change)
    {
        var entry = change.Entry;
        return Other(23, change).Of(change.Id, entry.Paused ? 1 : 0, entry.Revision, entry.FromConfiguration ? 1 : 0).Texts(entry.Name, ColumnJson.Write(entry.Definition), change.Declared);
    }

    public int Write(DefinitionChange.QueueRetired change) => Other(24, change).Of(change.Id);

    public int Write(DefinitionChange.QueueCounted change) => Other(2, change).Of(change.Id, change.Jobs[0], change.Jobs[1], change.Jobs[2], change.Jobs[3], change.Jobs[4]);

    public int Write(DefinitionChange.LaneLearned change)
    {
        var learned = change.Learned;
        return Other(25, change).Of(change.QueueId, learned.PausedUntil, learned.SlowedAt).Texts(change.Key).Number(learned.Pace);
    }

    public int Write(DefinitionChange.LanesLifted change) => Other(26, change).Of(change.QueueId).Texts(change.Key);

    public int Write(DefinitionChange.LanesForgotten change) => Other(27, change).Of(change.Now, change.Now - StoredLane.Memory);

    public int Write(DefinitionChange.Probed change) => Other(28, change).Of(change.Now);

    public int Write(LimitStateChange.Put change)
    {
        var state = change.State;
        return Other(1, change).Of(state.TakenUntil, state.PausedUntil, state.FactorAt, state.PacedUntil, state.IsQuick ? 1 : 0).Texts(change.Limit, change.Key).Number(state.Factor);
    }

    public int Write(LimitStateChange.Logged change)
    {
        foreach (var (at, weight) in change.Starts)
        {
            if (weight > 0)
                Other(9, change).Of(at, weight).Texts(change.Limit, change.Key);
            else
                Other(10, change).Of(at).Texts(change.Limit, change.Key);
        }

        return Other(11, change).Of(change.OldestNeeded).Texts(change.Limit, change.Key);
    }

    public int Write(LimitStateChange.AllDeleted change) => Other(29, change).Of().Texts(change.Limit);

    public int Write(LimitStateChange.Deleted change) => Other(30, change).Of().Texts(change.Limit, change.Key);

    public int Write(LimitStateChange.StartDeleted change) => Other(10, change).Of(change.At).Texts(change.Limit, change.Key);

    public int Write(DeliveryChange.CallbackInserted change)
    {
        var callback = change.Callback;
        return Other(31, change).Of(change.Subject).Texts(callback.Url, callback.Origin, ColumnJson.Write(callback.Secret));
    }

    public int Write(DeliveryChange.JobAnnounced change) => Job(32, change, change.Job).Of(change.Id.Stamp, change.Id.Salt, change.Job, change.Now).Texts(change.Type);

    public int Write(DeliveryChange.BatchAnnounced change) => Other(33, change).Of(change.Id.Stamp, change.Id.Salt, change.Batch, change.Now).Texts(change.Type, change.Ending);

    public int Write(DeliveryChange.Tried change)
    {
        var ended = change.Try;
        return Other(34, change).Of(ended.Pending.Id.Stamp, ended.At.UtcTicks, ended.Duration.Ticks, ended.Status).Texts(PostgresText.Of(ended.Error)).Bytes(BytesOf(ended.Body));
    }

    public int Write(DeliveryChange.Settled change) => Other(35, change).Of(change.Delivery, (long)change.State, change.NextAt);

    public int Write(DeliveryChange.Redelivered change) => Other(36, change).Of(change.Delivery, change.Now);

    public int Write(DeliveryChange.Disabled change) => Other(37, change).Of(change.Delivery);

    public int Write(DeliveryChange.UrlDisabled change) => Other(38, change).Of(change.Delivery, change.Now);

    public int Write(DeliveryChange.UrlEnabled change) => Other(39, change).Of(change.Subject);

    public int Write(DeliveryChange.OldUrlsEnabled change) => Other(40, change).Of(change.Before);

    public int Write(DeliveryChange.SubjectDeleted change) => Other(41, change).Of(change.Subject);

    public int Write(ClockChange.Put change)
    {
        var clock = change.Clock;
        return Other(3, change).Of(clock.StoreTime, clock.WallTime, clock.Stopwatch).Texts(clock.BootId);
    }

    public int Write(ClockChange.Moved change) => Other(42, change).Of(change.Ticks, lastMoment - change.Ticks);

    private static readonly Dictionary<string, string> NoTags = [];

    private static byte[]? BytesOf(ReadOnlyMemory<byte>? memory) => memory is { } bytes
        ? MemoryMarshal.TryGetArray(bytes, out var array) && array.Array is { } whole && whole.Length == bytes.Length ? whole : bytes.ToArray()
        : null;

    private static int Remember(TurnPart part, IdempotencyKey idempotency, long stamp)
    {
        part.AddKey(idempotency.Key, BytesOf(idempotency.Fingerprint)!, stamp);
        return 1;
    }

    private TurnPart End(long stamp, long lease, JobState state, long? startedAt, long endedAt, int failures = 0, int attempts = 0, CancelReason? reason = null)
    {
        var part = PartFor(stamp, Stage.End);
        ends[stamp] = part.Ends.Stamp.Count;
        part.Ends.Stamp.Add(stamp);
        part.Ends.Lease.Add(lease);
        part.Ends.State.Add((int)state);
        part.Ends.StartedAt.Add(startedAt);
        part.Ends.EndedAt.Add(endedAt);
        part.Ends.Failures.Add(failures);
        part.Ends.Attempts.Add(attempts);
        part.Ends.Reason.Add((int?)reason);
        part.Ends.Completion.Add(null);
        return part;
    }

    private OtherChanges Job(int kind, JobChange change) => Job(kind, change, change.Stamp);

    private OtherChanges Job(int kind, Change change, long stamp) => PartFor(stamp, Stage.Other).Others.Begin(kind, change.LeastRows);

    private OtherChanges Other(int kind, Change change) => Last.Others.Begin(kind, change.LeastRows);

    /// <summary>A part in which this change comes after all others of the job.</summary>
    private TurnPart PartFor(long stamp, Stage stage)
    {
        ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(stages, stamp, out var isKnown);
        if (isKnown && (last > stage || (last == stage && stage is not Stage.Other)))
        {
            parts.Add(new TurnPart());
            count++;
            stages.Clear();
            ends.Clear();
            stages[stamp] = stage;
            return Last;
        }

        last = stage;
        return Last;
    }
}
