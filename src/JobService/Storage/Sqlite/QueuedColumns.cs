using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>The columns of a <see cref="QueuedRow"/>: the first ones of each statement that reads one.</summary>
internal static class QueuedColumns
{
    public const string All = """
        stamp, salt, queue_id, key, priority, weight, weights, attempt, failures, max_attempts, timeout_ms, start_before, throttled_since, lock, signal, batch, callback,
        CASE WHEN batch IS NOT NULL THEN (SELECT salt FROM batches WHERE stamp = jobs.batch) END
        """;

    /// <summary>Their number, which is the index of the next column.</summary>
    public const int Count = 18;

    /// <param name="row">A statement positioned on a row.</param>
    public static QueuedRow Read(SqliteStatement row) => Read(row, row.Int64(2), row.Text(3), row.TextOrNull(14));

    /// <summary>For a job in a known lane: all jobs share one string for the key, and none waits for a signal.</summary>
    public static QueuedRow ReadInLane(SqliteStatement row, long queueId, string key) => Read(row, queueId, key, signal: null);

    private static QueuedRow Read(SqliteStatement row, long queueId, string key, string? signal) => new(JobId.FromParts(row.Int64(0), row.Int64(1)), row.Int32(5))
    {
        QueueId = queueId,
        Key = key,
        Priority = row.Int32(4),
        WeightsJson = row.TextOrNull(6),
        Attempt = row.Int32(7),
        Failures = row.Int32(8),
        MaxAttempts = row.Int32OrNull(9),
        TimeoutMs = row.Int64OrNull(10),
        StartBefore = row.Int64OrNull(11),
        ThrottledSince = row.Int64OrNull(12),
        Lock = row.TextOrNull(13),
        Signal = signal,
        Batch = row.Int64OrNull(15) is { } batch ? JobId.FromParts(batch, row.Int64(17)) : null,
        HasCallback = !row.IsNull(16),
    };

    /// <summary>Reads all remaining rows of the statement.</summary>
    public static List<QueuedRow> ReadAll(SqliteStatement rows)
    {
        var jobs = new List<QueuedRow>();
        while (rows.Step())
            jobs.Add(Read(rows));
        return jobs;
    }
}
