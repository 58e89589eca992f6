using JobService.Jobs;
using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The transitions of <see cref="JobState"/> as statements: the WHERE of each names the states that allow it.</summary>
internal sealed class JobWrites(sqlite3 database) : JobChange.IWriter, IDisposable
{
    private readonly SqliteStatement insertJob = new(database, """
        INSERT INTO jobs (stamp, salt, queue_id, key, state, priority, weight, attempt, failures, max_attempts, timeout_ms, created_at, due_at, start_before,
                          lock, signal, parked, batch, batch_index, callback, weights, due_on_wall)
        VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, 0, 0, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
        """);

    private readonly SqliteStatement insertBody = new(database, """
        INSERT INTO bodies (stamp, not_before, payload, request, tags, idempotency, request_body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        """);

    private readonly SqliteStatement insertTag = new(database, "INSERT INTO tags (tag, stamp) VALUES (?1, ?2)");

    private readonly SqliteStatement insertIdempotency = new(database, "INSERT INTO idempotency (key, fingerprint, stamp) VALUES (?1, ?2, ?3)");

    private readonly SqliteStatement claim = new(database, """
        UPDATE jobs SET state = 1, attempt = attempt + 1, lease = ?2, started_at = ?3 WHERE stamp = ?1 AND state = 0 AND due_at IS NULL AND parked IS NULL
        """);

    // Only the attempt that still holds the lease may end; a late one changes nothing.
    private readonly SqliteStatement succeed = new(database, """
        UPDATE jobs SET state = 2, lease = NULL, started_at = ?3, finished_at = ?4, cancel_reason = NULL, throttled_since = NULL
        WHERE  stamp = ?1 AND lease = ?2
        """);

    private readonly SqliteStatement fail = new(database, """
        UPDATE jobs SET state = 3, lease = NULL, started_at = ?3, finished_at = ?4, failures = failures + 1, attempt = attempt - ?5,
                        cancel_reason = NULL, throttled_since = NULL
        WHERE  stamp = ?1 AND lease = ?2
        """);

    private readonly SqliteStatement stop = new(database, """
        UPDATE jobs SET state = 4, lease = NULL, started_at = ?3, finished_at = ?4, attempt = attempt - ?5, cancel_reason = ?6, throttled_since = NULL
        WHERE  stamp = ?1 AND lease = ?2
        """);

    private readonly SqliteStatement requeue = new(database, """
        UPDATE jobs SET state = 0, lease = NULL, started_at = ?3, due_at = ?4, due_on_wall = NULL, failures = failures + ?5, attempt = attempt - ?6, parked = ?9,
                        throttled_since = CASE ?7 WHEN 0 THEN NULL WHEN 1 THEN COALESCE(throttled_since, ?8) ELSE throttled_since END
        WHERE  stamp = ?1 AND lease = ?2
        """);

    private readonly SqliteStatement insertResult = new(database, "INSERT OR REPLACE INTO results (stamp, status, content_type, body, headers) VALUES (?1, ?2, ?3, ?4, ?5)");

    private readonly SqliteStatement insertError = new(database, """
        INSERT OR REPLACE INTO errors (stamp, type, title, status, detail, headers) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        """);

    private readonly SqliteStatement insertAttempt = new(database, """
        INSERT OR REPLACE INTO attempts (stamp, number, started_at, ended_at, status, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        """);

    private readonly SqliteStatement cancelQueued = new(database, """
        UPDATE jobs SET state = 4, finished_at = ?2, cancel_reason = ?3, due_at = NULL, due_on_wall = NULL, parked = NULL WHERE stamp = ?1 AND state = 0
        """);

    private readonly SqliteStatement tellToStop = new(database, """
        UPDATE jobs SET cancel_reason = COALESCE(cancel_reason, ?2) WHERE stamp = ?1 AND state = 1
        """);

    private readonly SqliteStatement reopen = new(database, """
        UPDATE jobs SET state = 0, failures = 0, finished_at = NULL, cancel_reason = NULL, throttled_since = NULL, due_at = NULL, due_on_wall = NULL,
                        completion = NULL, parked = ?3, signal = CASE WHEN ?3 > 0 THEN signal END,
                        start_before = CASE WHEN start_before <= ?2 THEN NULL ELSE start_before END
        WHERE  stamp = ?1 AND state IN (3, 4)
        """);

    private readonly SqliteStatement release = new(database, """
        UPDATE jobs SET due_at = NULL, due_on_wall = NULL, parked = ?2, signal = CASE WHEN ?2 > 0 THEN signal END WHERE stamp = ?1 AND state = 0
        """);

    // A job in a lane or in the wait queue of a lock does not wait for a signal any more.
    private readonly SqliteStatement place = new(database, "UPDATE jobs SET parked = ?2, signal = NULL WHERE stamp = ?1 AND state = 0");

    private readonly SqliteStatement number = new(database, "UPDATE jobs SET completion = ?2 WHERE stamp = ?1");

    private readonly SqliteStatement selectBody = new(database, "SELECT tags, idempotency FROM bodies WHERE stamp = ?1");
    private readonly SqliteStatement deleteTag = new(database, "DELETE FROM tags WHERE tag = ?1 AND stamp = ?2");
    private readonly SqliteStatement deleteIdempotency = new(database, "DELETE FROM idempotency WHERE key = ?1");
    private readonly SqliteStatement delete = new(database, "DELETE FROM jobs WHERE stamp = ?1");

    private readonly SqliteStatement[] deleteRest =
    [
        new(database, "DELETE FROM attempts WHERE stamp = ?1"),
        new(database, "DELETE FROM errors WHERE stamp = ?1"),
        new(database, "DELETE FROM results WHERE stamp = ?1"),
        new(database, "DELETE FROM bodies WHERE stamp = ?1"),
    ];

    public int Write(JobChange.Inserted change)
    {
        var (row, job, dueAt, parked) = (change.Row, change.Row.Job, change.DueAt, change.Parked);
        insertJob.Bind(1, change.Stamp).Bind(2, job.Id.Salt).Bind(3, change.QueueId).Bind(4, job.Key).Bind(5, job.Priority).Bind(6, job.Weight)
            .Bind(7, job.MaxAttempts).Bind(8, row.TimeoutMs).Bind(9, change.Now).Bind(10, dueAt).Bind(11, job.StartBefore?.UtcTicks)
            .Bind(12, job.Lock).Bind(13, dueAt is not null || parked > Parked.InLockQueue ? job.Signal : null).Bind(14, parked)
            .Bind(15, job.Batch?.Batch.Stamp).Bind(16, job.Batch?.Index).Bind(17, job.Callback is null ? null : 1L)
            .Bind(18, row.WeightsJson).Bind(19, dueAt is not null && !job.IsDelay ? 1L : null).Run();

        insertBody.Bind(1, change.Stamp).Bind(2, job.NotBefore?.UtcTicks).Bind(4, row.RequestJson).Bind(5, row.TagsJson).Bind(6, job.Idempotency?.Key);
        _ = job.Payload is { } payload ? insertBody.Bind(3, payload.Span) : insertBody.BindNull(3);
        _ = job.Request?.Body is { } body ? insertBody.Bind(7, body.Span) : insertBody.BindNull(7);
        insertBody.Run();

        foreach (var (name, value) in job.Tags ?? NoTags)
            insertTag.Bind(1, $"{name}:{value}").Bind(2, change.Stamp).Run();
        return job.Idempotency is { } idempotency ? Remember(idempotency, change.Stamp) : 1;
    }

    public int Write(JobChange.Remembered change) => Remember(change.Key, change.Stamp);

    public int Write(JobChange.Claimed change) => claim.Bind(1, change.Stamp).Bind(2, change.Lease).Bind(3, change.StartedAt).Run();

    public int Write(JobChange.Succeeded change)
    {
        var (result, stamp) = (change.Result, change.Stamp);
        if (succeed.Bind(1, stamp).Bind(2, change.Lease).Bind(3, change.StartedAt).Bind(4, change.EndedAt).Run() == 0)
            return 0;
        return insertResult.Bind(1, stamp).Bind(2, result.Status).Bind(3, result.ContentType).Bind(4, (result.Body ?? default).Span)
            .Bind(5, result.Headers is { } headers ? ColumnJson.Write(headers) : null).Run();
    }

    public int Write(JobChange.Failed change) =>
        fail.Bind(1, change.Stamp).Bind(2, change.Lease).Bind(3, change.StartedAt).Bind(4, change.EndedAt).Bind(5, change.UndoAttempt ? 1 : 0).Run();

    public int Write(JobChange.Stopped change) =>
        stop.Bind(1, change.Stamp).Bind(2, change.Lease).Bind(3, change.StartedAt).Bind(4, change.EndedAt).Bind(5, change.UndoAttempt ? 1 : 0)
            .Bind(6, (long)change.Reason).Run();

    public int Write(JobChange.Requeued change) =>
        requeue.Bind(1, change.Stamp).Bind(2, change.Lease).Bind(3, change.StartedAt).Bind(4, change.DueAt).Bind(5, change.CountFailure ? 1 : 0)
            .Bind(6, change.UndoAttempt ? 1 : 0).Bind(7, (long)change.Throttle).Bind(8, change.Now).Bind(9, change.Parked).Run();

    /// <remarks>The title follows from the type; it is written for earlier versions, which read it.</remarks>
    public int Write(JobChange.ErrorWritten change)
    {
        var error = change.Error;
        return insertError.Bind(1, change.Stamp).Bind(2, error.Type).Bind(3, error.Title).Bind(4, error.Status).Bind(5, error.Detail)
            .Bind(6, error.Headers is { } headers ? ColumnJson.Write(headers) : null).Run();
    }

    public int Write(JobChange.AttemptWritten change) =>
        insertAttempt.Bind(1, change.Stamp).Bind(2, change.Number).Bind(3, change.StartedAt).Bind(4, change.EndedAt).Bind(5, change.Status).Bind(6, change.Outcome).Run();

    public int Write(JobChange.Cancelled change) => cancelQueued.Bind(1, change.Stamp).Bind(2, change.Now).Bind(3, (long)change.Reason).Run();

    public int Write(JobChange.ToldToStop change) => tellToStop.Bind(1, change.Stamp).Bind(2, (long)change.Reason).Run();

    public int Write(JobChange.Reopened change) => reopen.Bind(1, change.Stamp).Bind(2, change.Wall).Bind(3, change.Parked).Run();

    public int Write(JobChange.CameDue change) => release.Bind(1, change.Stamp).Bind(2, change.Parked).Run();

    public int Write(JobChange.Placed change) => place.Bind(1, change.Stamp).Bind(2, change.Parked).Run();

    public int Write(JobChange.Numbered change) => number.Bind(1, change.Stamp).Bind(2, change.Completion).Run();

    public int Write(JobChange.Deleted change)
    {
        var stamp = change.Stamp;
        if (selectBody.Bind(1, stamp).Step())
        {
            var (tags, idempotency) = (selectBody.TextOrNull(0), selectBody.TextOrNull(1));
            selectBody.Reset();
            foreach (var (name, value) in tags is null ? NoTags : ColumnJson.ReadTexts(tags))
                deleteTag.Bind(1, $"{name}:{value}").Bind(2, stamp).Run();
            if (idempotency is not null)
                deleteIdempotency.Bind(1, idempotency).Run();
        }

        foreach (var statement in deleteRest)
            statement.Bind(1, stamp).Run();
        return delete.Bind(1, stamp).Run();
    }

    public void Dispose()
    {
        foreach (var statement in deleteRest.Concat([
            insertJob, insertBody, insertTag, insertIdempotency, claim, succeed, fail, stop, requeue, insertResult, insertError, insertAttempt, cancelQueued, tellToStop, reopen, release, place, number,
            selectBody, deleteTag, deleteIdempotency, delete]))
        {
            statement.Dispose();
        }
    }

    private static readonly Dictionary<string, string> NoTags = [];

    private int Remember(IdempotencyKey idempotency, long stamp) =>
        insertIdempotency.Bind(1, idempotency.Key).Bind(2, idempotency.Fingerprint.Span).Bind(3, stamp).Run();
}
