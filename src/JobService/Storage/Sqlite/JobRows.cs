using JobService.Jobs;
using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The transitions of <see cref="JobState"/> as statements: each says in its WHERE from where it may be made.</summary>
internal sealed partial class JobRows(sqlite3 database) : IJobRows, IDisposable
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

    private readonly SqliteStatement selectIdempotency = new(database, """
        SELECT i.fingerprint, i.stamp, COALESCE(j.salt, b.salt)
        FROM   idempotency i LEFT JOIN jobs j USING (stamp) LEFT JOIN batches b USING (stamp)
        WHERE  i.key = ?1
        """);

    private readonly SqliteStatement selectHeads = new(database, $"""
        SELECT {QueuedColumns.All}
        FROM   jobs INDEXED BY jobs_ready
        WHERE  state = 0 AND due_at IS NULL AND parked IS NULL AND queue_id = ?1 AND key = ?2
               AND priority <= ?4 AND (priority < ?4 OR stamp > ?5)
        ORDER  BY priority DESC, stamp
        LIMIT  ?3
        """);

    private readonly SqliteStatement selectInputs = new(database, "SELECT stamp, payload, request, request_body FROM bodies WHERE stamp >= ?1 ORDER BY stamp");

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

    private readonly SqliteStatement selectJob = new(database, $"SELECT {QueuedColumns.All}, state, cancel_reason, started_at, lease, parked FROM jobs WHERE stamp = ?1");

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

    private readonly SqliteStatement selectRunning = new(database, "SELECT stamp FROM jobs INDEXED BY jobs_running WHERE state = 1");

    private readonly SqliteStatement selectLanes = new(database, """
        SELECT queue_id, key, count(*) FROM jobs INDEXED BY jobs_ready WHERE state = 0 AND due_at IS NULL AND parked IS NULL GROUP BY queue_id, key
        """);

    public void Insert(NewRow row, long queueId, long now, long? dueAt, long? parked)
    {
        var job = row.Job;
        var stamp = job.Id.Stamp;
        insertJob.Bind(1, stamp).Bind(2, job.Id.Salt).Bind(3, queueId).Bind(4, job.Key).Bind(5, job.Priority).Bind(6, job.Weight)
            .Bind(7, job.MaxAttempts).Bind(8, row.TimeoutMs).Bind(9, now).Bind(10, dueAt).Bind(11, job.StartBefore?.UtcTicks)
            .Bind(12, job.Lock).Bind(13, dueAt is not null || parked > Parked.InLine ? job.Signal : null).Bind(14, parked)
            .Bind(15, job.Batch?.Batch.Stamp).Bind(16, job.Batch?.Index).Bind(17, job.Callback is null ? null : 1L)
            .Bind(18, row.WeightsJson).Bind(19, dueAt is not null && !job.IsDelay ? 1L : null).Run();

        insertBody.Bind(1, stamp).Bind(2, job.NotBefore?.UtcTicks).Bind(4, row.RequestJson).Bind(5, row.TagsJson).Bind(6, job.Idempotency?.Key);
        _ = job.Payload is { } payload ? insertBody.Bind(3, payload.Span) : insertBody.BindNull(3);
        _ = job.Request?.Body is { } body ? insertBody.Bind(7, body.Span) : insertBody.BindNull(7);
        insertBody.Run();

        foreach (var (name, value) in job.Tags ?? NoTags)
            insertTag.Bind(1, $"{name}:{value}").Bind(2, stamp).Run();
        if (job.Idempotency is { } idempotency)
            Remember(idempotency, job.Id);
    }

    /// <param name="id">The job or the batch that was submitted with the key.</param>
    public void Remember(IdempotencyKey idempotency, JobId id) =>
        insertIdempotency.Bind(1, idempotency.Key).Bind(2, idempotency.Fingerprint.Span).Bind(3, id.Stamp).Run();

    public (byte[] Fingerprint, JobId Job)? FindIdempotency(string key)
    {
        if (!selectIdempotency.Bind(1, key).Step())
            return null;
        var found = (selectIdempotency.Blob(0), JobId.FromParts(selectIdempotency.Int64(1), selectIdempotency.Int64(2)));
        selectIdempotency.Reset();
        return found;
    }

    public List<List<QueuedRow>> Heads(IReadOnlyList<LaneLook> lanes)
    {
        var found = new List<List<QueuedRow>>(lanes.Count);
        foreach (var (queueId, key, atMost, behind) in lanes)
        {
            var heads = new List<QueuedRow>(Math.Min(atMost, 64));
            selectHeads.Bind(1, queueId).Bind(2, key).Bind(3, atMost).Bind(4, behind?.Priority ?? int.MaxValue).Bind(5, behind?.Stamp ?? long.MinValue);
            while (selectHeads.Step())
                heads.Add(QueuedColumns.ReadInLane(selectHeads, queueId, key));
            found.Add(heads);
        }

        return found;
    }

    /// <remarks>Jobs that came one after the other stand side by side, and mostly go so too: as long as that holds, they are walked over instead of looked up one by one.</remarks>
    public List<ClaimedInput> Inputs(IReadOnlyList<long> stamps)
    {
        var inputs = new List<ClaimedInput>(stamps.Count);
        var isWalk = false;
        foreach (var stamp in stamps)
        {
            if (!(isWalk && selectInputs.Step() && selectInputs.Int64(0) == stamp))
            {
                isWalk = inputs.Count == 0;
                selectInputs.Reset();
                if (!selectInputs.Bind(1, stamp).Step() || selectInputs.Int64(0) != stamp)
                    throw new InvalidOperationException($"Job {stamp} was queued and has no row of what it sends.");
            }

            inputs.Add(ReadInput());
        }

        selectInputs.Reset();
        return inputs;
    }

    private ClaimedInput ReadInput()
    {
        // Most jobs have no request of their own: nothing more is asked then.
        var hasRequest = !selectInputs.IsNull(2);
        var bytes = selectInputs.Length(1) + (hasRequest ? selectInputs.Length(2) + selectInputs.Length(3) : 0);
        return bytes > ClaimedJob.MaxReadBytes
            ? new ClaimedInput(default, Request: null, bytes)
            : new ClaimedInput(selectInputs.Blob(1), hasRequest ? StoredRequest.Of(selectInputs.Text(2), selectInputs.IsNull(3) ? null : selectInputs.Blob(3)) : null, UnreadBytes: 0);
    }

    public bool Claim(long stamp, long lease, long startedAt) => claim.Bind(1, stamp).Bind(2, lease).Bind(3, startedAt).Run() == 1;

    public bool Succeed(long stamp, long lease, long startedAt, long endedAt, JobResult result)
    {
        if (succeed.Bind(1, stamp).Bind(2, lease).Bind(3, startedAt).Bind(4, endedAt).Run() == 0)
            return false;
        insertResult.Bind(1, stamp).Bind(2, result.Status).Bind(3, result.ContentType).Bind(4, (result.Body ?? default).Span)
            .Bind(5, result.Headers is { } headers ? ColumnJson.Write(headers) : null).Run();
        return true;
    }

    public bool Fail(long stamp, long lease, long? startedAt, long endedAt, bool undoAttempt) =>
        fail.Bind(1, stamp).Bind(2, lease).Bind(3, startedAt).Bind(4, endedAt).Bind(5, undoAttempt ? 1 : 0).Run() == 1;

    /// <summary>Running to cancelled.</summary>
    public bool Stop(long stamp, long lease, long? startedAt, long endedAt, bool undoAttempt, CancelReason reason) =>
        stop.Bind(1, stamp).Bind(2, lease).Bind(3, startedAt).Bind(4, endedAt).Bind(5, undoAttempt ? 1 : 0).Bind(6, (long)reason).Run() == 1;

    /// <summary>Running to queued.</summary>
    /// <param name="throttle">What becomes of the moment since which the API has been saying "not now".</param>
    public bool Requeue(long stamp, long lease, long? startedAt, long now, long? dueAt, bool countFailure, bool undoAttempt, ThrottleMark throttle, long? parked) =>
        requeue.Bind(1, stamp).Bind(2, lease).Bind(3, startedAt).Bind(4, dueAt).Bind(5, countFailure ? 1 : 0).Bind(6, undoAttempt ? 1 : 0)
            .Bind(7, (long)throttle).Bind(8, now).Bind(9, parked).Run() == 1;

    /// <remarks>The title follows from the type; it is written for versions before this one, which read it.</remarks>
    public void WriteError(long stamp, JobError error) =>
        insertError.Bind(1, stamp).Bind(2, error.Type).Bind(3, error.Title).Bind(4, error.Status).Bind(5, error.Detail)
            .Bind(6, error.Headers is { } headers ? ColumnJson.Write(headers) : null).Run();

    public void WriteAttempt(long stamp, int number, long startedAt, long endedAt, int? status, string outcome) =>
        insertAttempt.Bind(1, stamp).Bind(2, number).Bind(3, startedAt).Bind(4, endedAt).Bind(5, status).Bind(6, outcome).Run();

    public JobRow? Find(long stamp)
    {
        if (!selectJob.Bind(1, stamp).Step())
            return null;
        var row = new JobRow(QueuedColumns.Read(selectJob), (JobState)selectJob.Int32(QueuedColumns.Count))
        {
            CancelReason = (CancelReason?)selectJob.Int32OrNull(QueuedColumns.Count + 1),
            StartedAt = selectJob.Int64OrNull(QueuedColumns.Count + 2),
            Lease = selectJob.Int64OrNull(QueuedColumns.Count + 3),
            Parked = selectJob.Int64OrNull(QueuedColumns.Count + 4),
        };
        selectJob.Reset();
        return row;
    }

    public bool CancelQueued(long stamp, long now, CancelReason reason) => cancelQueued.Bind(1, stamp).Bind(2, now).Bind(3, (long)reason).Run() == 1;

    public void TellToStop(long stamp, CancelReason reason) => tellToStop.Bind(1, stamp).Bind(2, (long)reason).Run();

    /// <summary>Failed or cancelled to queued. A deadline that has passed once is lifted.</summary>
    public bool Reopen(long stamp, long wall, long? parked) => reopen.Bind(1, stamp).Bind(2, wall).Bind(3, parked).Run() == 1;

    public void LetGo(long stamp, long? parked) => release.Bind(1, stamp).Bind(2, parked).Run();

    public List<long> Running() => Stamps(selectRunning);

    public List<(long QueueId, string Key, int Jobs)> Lanes()
    {
        var lanes = new List<(long, string, int)>();
        while (selectLanes.Step())
            lanes.Add((selectLanes.Int64(0), selectLanes.Text(1), selectLanes.Int32(2)));
        return lanes;
    }

    public void Dispose()
    {
        foreach (var statement in new[]
        {
            insertJob, insertBody, insertTag, insertIdempotency, selectIdempotency, selectHeads, selectInputs, claim, succeed, fail, stop, requeue, insertResult, insertError,
            insertAttempt, selectJob, cancelQueued, tellToStop, reopen, release, selectDue, selectDueOnWall, selectNextDue, selectNextDueOnWall, selectLate, selectNextDeadline, selectRunning, selectLanes,
        })
        {
            statement.Dispose();
        }
    }

    private static readonly Dictionary<string, string> NoTags = [];

    private static long? First(SqliteStatement statement)
    {
        if (!statement.Step())
            return null;
        var value = statement.Int64OrNull(0);
        statement.Reset();
        return value;
    }

    private static List<long> Stamps(SqliteStatement statement)
    {
        var stamps = new List<long>();
        while (statement.Step())
            stamps.Add(statement.Int64(0));
        return stamps;
    }
}
