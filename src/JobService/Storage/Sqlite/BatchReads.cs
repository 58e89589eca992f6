using JobService.Jobs;
using JobService.Ledger;
using Microsoft.Data.Sqlite;

namespace JobService.Storage.Sqlite;

/// <summary>Reads of batches and their results.</summary>
/// <remarks>Results are read with prepared statements like those of the writer, not with ADO.NET: the goal is a hundred thousand per second.</remarks>
internal sealed class BatchReads(ReadConnections connections) : IBatchReads
{
    /// <summary>Number of ends over which the pace of a batch is measured.</summary>
    private const int PaceWindow = 1_000;

    /// <summary>Bytes of results after which a page ends: a slow reader holds one page.</summary>
    private const int PageBytes = 64 * 1024;

    private const string ResultColumns = """
        SELECT j.batch_index, j.completion, j.stamp, j.salt, j.state, j.cancel_reason,
               r.status, r.content_type, length(r.body), CASE WHEN length(r.body) <= ?5 THEN r.body END,
               e.type, e.status, e.detail, r.headers
        """;

    private const string Joins = " LEFT JOIN results r ON r.stamp = j.stamp AND j.state = 2 LEFT JOIN errors e ON e.stamp = j.stamp AND j.state > 2 ";

    private const string ByIndex = ResultColumns + " FROM jobs j INDEXED BY jobs_by_batch" + Joins + """
        WHERE j.batch = ?1 AND j.batch_index > ?2 ORDER BY j.batch_index LIMIT ?4
        """;

    private const string ByIndexPassingHoles = ResultColumns + " FROM jobs j INDEXED BY jobs_by_batch" + Joins + """
        WHERE j.batch = ?1 AND j.batch_index > ?2 AND j.completion <= ?3 ORDER BY j.batch_index LIMIT ?4
        """;

    private const string ByCompletion = ResultColumns + " FROM jobs j INDEXED BY jobs_by_completion" + Joins + """
        WHERE j.batch = ?1 AND j.completion > ?2 AND j.completion <= ?3 ORDER BY j.completion LIMIT ?4
        """;

    public Task<Batch?> FindAsync(JobId id, DateTimeOffset now) => connections.ReadAsync(connection => InOneView(connection, () =>
    {
        if (Find(connection, id) is not { } row)
            return null;
        var running = First(connection, "SELECT count(*) FROM jobs INDEXED BY jobs_running WHERE state = 1 AND batch = ?1", id.Stamp);
        return row.ToBatch(running, EndsPerSecond(connection, row, now.UtcTicks));
    }));

    public Task<BatchResults?> ResultsAsync(BatchResultsQuery query) => connections.ReadAsync(connection => InOneView(connection, () =>
    {
        if (Find(connection, query.Batch) is not { } row)
            return null;

        var items = new List<BatchResult>();
        var bytes = 0L;
        using var select = new SqliteStatement(connection.Handle!, query switch
        {
            { InInputOrder: false } => ByCompletion,
            { PassHoles: true } => ByIndexPassingHoles,
            _ => ByIndex,
        });
        select.Bind(1, query.Batch.Stamp).Bind(2, query.After).Bind(3, query.UpTo).Bind(4, query.Limit).Bind(5, query.MaxInlineBytes);
        while (bytes < PageBytes && select.Step())
        {
            if (select.IsNull(1)) // not ended: a gap
            {
                select.Reset();
                return new BatchResults(row.ToBatch(), items, IsCut: false);
            }

            var item = Read(select);
            items.Add(item);
            bytes += (item.Result?.Body?.Length ?? 0) + (item.Error?.Detail?.Length ?? 0);
        }

        return new BatchResults(row.ToBatch(), items, IsCut: bytes >= PageBytes || items.Count == query.Limit);
    }));

    private static BatchResult Read(SqliteStatement row)
    {
        var state = (JobState)row.Int32(4);
        return new BatchResult((int)row.Int64(0), row.Int64(1), JobId.FromParts(row.Int64(2), row.Int64(3)), state)
        {
            CancelReason = state == JobState.Cancelled ? (CancelReason?)row.Int32OrNull(5) : null,
            Result = row.Int32OrNull(6) is { } status ? new JobResult(status, row.TextOrNull(7), row.IsNull(9) ? default(ReadOnlyMemory<byte>?) : row.Blob(9), row.Int64(8)) { Headers = HeadersOf(row) } : null,
            Error = row.TextOrNull(10) is { } type ? new JobError(type, row.Int32OrNull(11), row.TextOrNull(12)) : null,
        };
    }

    private static Dictionary<string, string>? HeadersOf(SqliteStatement row) => row.TextOrNull(13) is { } json ? ColumnJson.ReadTexts(json) : null;

    private static BatchRow? Find(SqliteConnection connection, JobId id)
    {
        using var select = new SqliteStatement(connection.Handle!, BatchRows.Select);
        return BatchRows.Read(select, id.Stamp) is { } row && row.Id == id ? row : null;
    }

    /// <summary>Computed from the rows, so that a crash does not change it.</summary>
    private static double? EndsPerSecond(SqliteConnection connection, BatchRow batch, long now)
    {
        if (batch.LastCompletion == 0)
            return null;

        using var select = new SqliteStatement(connection.Handle!, """
            SELECT completion, finished_at FROM jobs INDEXED BY jobs_by_completion WHERE batch = ?1 AND completion > ?2 ORDER BY completion LIMIT 1
            """);
        if (!select.Bind(1, batch.Id.Stamp).Bind(2, batch.LastCompletion - PaceWindow).Step())
            return null;
        var (first, since) = (select.Int64(0), select.Int64(1));
        select.Reset();
        var ends = batch.LastCompletion - first;
        var elapsed = new TimeSpan(now - (ends > 0 ? since : batch.CreatedAt)).TotalSeconds;
        return elapsed > 0 ? Math.Max(1, ends) / elapsed : null;
    }

    private static long First(SqliteConnection connection, string sql, long parameter)
    {
        using var select = new SqliteStatement(connection.Handle!, sql);
        select.Bind(1, parameter).Step();
        var value = select.Int64(0);
        select.Reset();
        return value;
    }

    private static T InOneView<T>(SqliteConnection connection, Func<T> read)
    {
        using var view = connection.BeginTransaction(deferred: true);
        return read();
    }
}
