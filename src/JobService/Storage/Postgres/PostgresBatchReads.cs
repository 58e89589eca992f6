using Dapper;
using JobService.Jobs;
using JobService.Ledger;
using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>Reads of batches and their results.</summary>
internal sealed class PostgresBatchReads(PostgresConnections connections) : IBatchReads
{
    /// <summary>Number of ends over which the pace of a batch is measured.</summary>
    private const int PaceWindow = 1_000;

    /// <summary>Bytes of results after which a page ends: a slow reader holds one page.</summary>
    private const int PageBytes = 64 * 1024;

    private const string ResultColumns = """
        SELECT j.batch_index, j.completion, j.stamp, j.salt, j.state, j.cancel_reason,
               r.status, r.content_type, length(r.body), CASE WHEN length(r.body) <= $5 THEN r.body END, e.type, e.status, e.detail, r.headers
        """;

    private const string Joins = " j LEFT JOIN results r ON r.stamp = j.stamp AND j.state = 2 LEFT JOIN errors e ON e.stamp = j.stamp AND j.state > 2 ";

    private const string ByIndex = ResultColumns + " FROM jobs" + Joins + "WHERE j.batch = $1 AND j.batch_index > $2 AND $3 = $3 ORDER BY j.batch_index LIMIT $4";

    private const string ByIndexPassingHoles = ResultColumns + " FROM ended_jobs" + Joins + "WHERE j.batch = $1 AND j.batch_index > $2 AND j.completion <= $3 ORDER BY j.batch_index LIMIT $4";

    private const string ByCompletion = ResultColumns + " FROM ended_jobs" + Joins + "WHERE j.batch = $1 AND j.completion > $2 AND j.completion <= $3 ORDER BY j.completion LIMIT $4";

    public Task<Batch?> FindAsync(JobId id, DateTimeOffset now) => InOneViewAsync(async connection =>
    {
        if (await FindAsync(connection, id) is not { } row)
            return null;
        var running = await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM active_jobs WHERE batch = @Stamp AND state = 1", new { id.Stamp });
        return row.ToBatch(running, await EndsPerSecondAsync(connection, row, now.UtcTicks));
    });

    public Task<BatchResults?> ResultsAsync(BatchResultsQuery query) => InOneViewAsync(async connection =>
    {
        if (await FindAsync(connection, query.Batch) is not { } found)
            return null;
        await using var select = new NpgsqlCommand(query switch
        {
            { InInputOrder: false } => ByCompletion,
            { PassHoles: true } => ByIndexPassingHoles,
            _ => ByIndex,
        }, connection)
        {
            Parameters = { Value(query.Batch.Stamp), Value(query.After), Value(query.UpTo), Value(query.Limit), Value(query.MaxInlineBytes) },
        };
        await using var row = await select.ExecuteReaderAsync();
        var items = new List<BatchResult>();
        var bytes = 0L;
        while (bytes < PageBytes && await row.ReadAsync())
        {
            if (row.Int64OrNull(1) is null) // not ended: a gap
                return new BatchResults(found.ToBatch(), items, IsCut: false);
            var item = Read(row);
            items.Add(item);
            bytes += (item.Result?.Body?.Length ?? 0) + (item.Error?.Detail?.Length ?? 0);
        }

        return new BatchResults(found.ToBatch(), items, IsCut: bytes >= PageBytes || items.Count == query.Limit);
    });

    private static NpgsqlParameter<long> Value(long value) => new() { TypedValue = value };

    private static BatchResult Read(NpgsqlDataReader row)
    {
        var state = (JobState)row.GetInt32(4);
        return new BatchResult(row.GetInt32(0), row.GetInt64(1), JobId.FromParts(row.GetInt64(2), row.GetInt64(3)), state)
        {
            CancelReason = state == JobState.Cancelled ? (CancelReason?)row.Int32OrNull(5) : null,
            Result = row.Int32OrNull(6) is { } status
                ? new JobResult(status, row.TextOrNull(7), row.BytesOrNull(9) is { } body ? body : default(ReadOnlyMemory<byte>?), row.GetInt32(8)) { Headers = row.TextOrNull(13) is { } json ? ColumnJson.ReadTexts(json) : null }
                : null,
            Error = row.TextOrNull(10) is { } type ? new JobError(type, row.Int32OrNull(11), row.TextOrNull(12)) : null,
        };
    }

    private static async Task<BatchRow?> FindAsync(NpgsqlConnection connection, JobId id)
    {
        await using var select = new NpgsqlCommand($"SELECT {Columns.Batch} FROM batches b WHERE b.stamp = $1", connection) { Parameters = { Value(id.Stamp) } };
        await using var row = await select.ExecuteReaderAsync();
        return await row.ReadAsync() && row.ReadBatch() is var batch && batch.Id == id ? batch : null;
    }

    /// <summary>Computed from the rows, so that a crash does not change it.</summary>
    private static async Task<double?> EndsPerSecondAsync(NpgsqlConnection connection, BatchRow batch, long now)
    {
        if (batch.LastCompletion == 0)
            return null;
        var (first, since) = await connection.QueryFirstOrDefaultAsync<(long Completion, long FinishedAt)>(
            "SELECT completion, finished_at FROM ended_jobs WHERE batch = @Stamp AND completion > @after ORDER BY completion LIMIT 1",
            new { batch.Id.Stamp, after = batch.LastCompletion - PaceWindow });
        if (first == 0)
            return null;
        var ends = batch.LastCompletion - first;
        var elapsed = new TimeSpan(now - (ends > 0 ? since : batch.CreatedAt)).TotalSeconds;
        return elapsed > 0 ? Math.Max(1, ends) / elapsed : null;
    }

    private Task<T> InOneViewAsync<T>(Func<NpgsqlConnection, Task<T>> read) => connections.ReadAsync(async connection =>
    {
        await using var view = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        return await read(connection);
    });
}
