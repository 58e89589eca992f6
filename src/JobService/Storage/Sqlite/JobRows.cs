using JobService.Jobs;
using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Reads jobs for the rules.</summary>
internal sealed partial class JobRows(sqlite3 database) : IJobRows, IDisposable
{
    /// <summary>The columns of a <see cref="JobRow"/>.</summary>
    public const string JobColumns = QueuedColumns.All + ", state, cancel_reason, started_at, lease, parked, due_at";

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

    private readonly SqliteStatement selectJob = new(database, $"SELECT {JobColumns} FROM jobs WHERE stamp = ?1");

    private readonly SqliteStatement selectRunning = new(database, "SELECT stamp FROM jobs INDEXED BY jobs_running WHERE state = 1");

    public (ReadOnlyMemory<byte> Fingerprint, JobId Subject)? FindIdempotency(string key)
    {
        if (!selectIdempotency.Bind(1, key).Step())
            return null;
        var found = (new ReadOnlyMemory<byte>(selectIdempotency.Blob(0)), JobId.FromParts(selectIdempotency.Int64(1), selectIdempotency.Int64(2)));
        selectIdempotency.Reset();
        return found;
    }

    /// <summary>Jobs that may go, of each lane in their order.</summary>
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

    /// <remarks>Jobs that were added one after the other are adjacent in the table and are mostly claimed in that order: as long as that holds, the rows are scanned instead of looked up one by one.</remarks>
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
                {
                    inputs.Add(ClaimedInput.Unread); // the row is missing, which must not affect other jobs
                    continue;
                }
            }

            inputs.Add(ReadInput());
        }

        selectInputs.Reset();
        return inputs;
    }

    private ClaimedInput ReadInput()
    {
        // Most jobs have no request of their own: then no further query is needed.
        var hasRequest = !selectInputs.IsNull(2);
        var bytes = selectInputs.Length(1) + (hasRequest ? selectInputs.Length(2) + selectInputs.Length(3) : 0);
        return bytes > ClaimedJob.MaxReadBytes
            ? new ClaimedInput(default, Request: null, bytes)
            : new ClaimedInput(selectInputs.Blob(1), hasRequest ? StoredRequest.Of(selectInputs.Text(2), selectInputs.IsNull(3) ? null : selectInputs.Blob(3)) : null, UnreadBytes: 0);
    }

    public JobRow? Find(long stamp)
    {
        if (!selectJob.Bind(1, stamp).Step())
            return null;
        var row = ReadJob(selectJob);
        selectJob.Reset();
        return row;
    }

    /// <summary>Reads all remaining rows of a statement that selects <see cref="JobColumns"/>.</summary>
    public static List<JobRow> ReadJobs(SqliteStatement rows)
    {
        var jobs = new List<JobRow>();
        while (rows.Step())
            jobs.Add(ReadJob(rows));
        return jobs;
    }

    private static JobRow ReadJob(SqliteStatement row) => new(QueuedColumns.Read(row), (JobState)row.Int32(QueuedColumns.Count))
    {
        CancelReason = (CancelReason?)row.Int32OrNull(QueuedColumns.Count + 1),
        StartedAt = row.Int64OrNull(QueuedColumns.Count + 2),
        Lease = row.Int64OrNull(QueuedColumns.Count + 3),
        Parked = row.Int64OrNull(QueuedColumns.Count + 4),
        DueAt = row.Int64OrNull(QueuedColumns.Count + 5),
    };

    public List<long> Running() => Stamps(selectRunning);

    public void Dispose()
    {
        foreach (var statement in new[]
        {
            selectIdempotency, selectHeads, selectInputs, selectJob, selectDue, selectDueOnWall, selectNextDue, selectNextDueOnWall, selectLate, selectNextDeadline, selectRunning,
            selectQueues, selectLanes, selectLanesBehind,
        })
        {
            statement.Dispose();
        }
    }

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
