using JobService.Jobs;
using JobService.Ledger;
using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>Reads rows.</summary>
internal static class Columns
{
    /// <summary>The columns of a <see cref="QueuedRow"/>, of a table or view <c>a</c> with its batch <c>g</c>.</summary>
    public const string Queued = """
        a.stamp, a.salt, a.queue_id, a.key, -a.rank, a.weight, a.weights, a.attempt, a.failures, a.max_attempts, a.timeout_ms, a.start_before, a.throttled_since, a.lock, a.signal, a.batch,
        a.has_callback, g.salt
        """;

    /// <summary>The columns of a <see cref="JobRow"/>.</summary>
    public const string Job = Queued + ", a.state, a.cancel_reason, a.started_at, a.lease, a.parked, a.due_at";

    public const string WithBatch = " a LEFT JOIN batches g ON g.stamp = a.batch ";

    private const int QueuedCount = 18;

    public static long? Int64OrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static int? Int32OrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    public static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static byte[]? BytesOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    /// <param name="row">A row that begins with <see cref="Queued"/>, perhaps behind others.</param>
    /// <param name="at">Where.</param>
    public static QueuedRow ReadQueued(this NpgsqlDataReader row, int at = 0) => row.ReadQueued(at, row.GetString(at + 3), row.TextOrNull(at + 14));

    /// <summary>For a job in a known lane: all jobs share one string for the key, and none waits for a signal.</summary>
    public static QueuedRow ReadQueued(this NpgsqlDataReader row, int at, string key, string? signal) => new(JobId.FromParts(row.GetInt64(at), row.GetInt64(at + 1)), row.GetInt32(at + 5))
    {
        QueueId = row.GetInt64(at + 2),
        Key = key,
        Priority = row.GetInt32(at + 4),
        WeightsJson = row.TextOrNull(at + 6),
        Attempt = row.GetInt32(at + 7),
        Failures = row.GetInt32(at + 8),
        MaxAttempts = row.Int32OrNull(at + 9),
        TimeoutMs = row.Int64OrNull(at + 10),
        StartBefore = row.Int64OrNull(at + 11),
        ThrottledSince = row.Int64OrNull(at + 12),
        Lock = row.TextOrNull(at + 13),
        Signal = signal,
        Batch = row.Int64OrNull(at + 15) is { } batch ? JobId.FromParts(batch, row.GetInt64(at + 17)) : null,
        HasCallback = row.GetBoolean(at + 16),
    };

    public static JobRow ReadJob(this NpgsqlDataReader row, int at = 0) => new(row.ReadQueued(at), (JobState)row.GetInt32(at + QueuedCount))
    {
        CancelReason = (CancelReason?)row.Int32OrNull(at + QueuedCount + 1),
        StartedAt = row.Int64OrNull(at + QueuedCount + 2),
        Lease = row.Int64OrNull(at + QueuedCount + 3),
        Parked = row.Int64OrNull(at + QueuedCount + 4),
        DueAt = row.Int64OrNull(at + QueuedCount + 5),
    };

    /// <summary>A batch: salt, then the others of <see cref="Batch"/>.</summary>
    public const string Batch = """
        b.stamp, b.salt, b.queue, b.cancel_on_failure, b.is_open, b.cancel_reason, b.stop_from, b.created_at, b.finished_at, b.total_count, b.succeeded_count, b.failed_count, b.cancelled_count,
        b.last_completion, (SELECT url FROM callbacks c WHERE c.stamp = b.stamp)
        """;

    public static BatchRow ReadBatch(this NpgsqlDataReader row) => new(JobId.FromParts(row.GetInt64(0), row.GetInt64(1)), row.GetString(2))
    {
        CancelOnFailure = row.GetBoolean(3),
        IsOpen = row.GetBoolean(4),
        CancelReason = (CancelReason?)row.Int32OrNull(5),
        StopFrom = row.Int64OrNull(6),
        CreatedAt = row.GetInt64(7),
        FinishedAt = row.Int64OrNull(8),
        Total = row.GetInt64(9),
        Succeeded = row.GetInt64(10),
        Failed = row.GetInt64(11),
        Cancelled = row.GetInt64(12),
        LastCompletion = row.GetInt64(13),
        CallbackUrl = row.TextOrNull(14),
    };
}
