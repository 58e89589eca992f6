using Dapper;
using JobService.Jobs;
using Microsoft.Data.Sqlite;

namespace JobService.Storage.Sqlite;

/// <summary>Looks for the jobs that match a filter, newest first, by the index that leaves least to look through.</summary>
/// <remarks>
/// What the index does not know each row has to say, and a million of them may say no before a page is full. So it looks through a chunk at a time; between two of
/// them others read.
/// </remarks>
internal sealed class JobScan(JobFilter filter, string? condition = null)
{
    /// <summary>Rows of the index in the first chunk: mostly the page is full then. And in the others: some 50 ms.</summary>
    private const int FirstChunk = 1_000;
    private const int Chunk = 20_000;

    /// <summary>As many queued jobs are sorted rather than looked for among all others.</summary>
    private const int FewQueued = 50_000;

    private const string OfQueue = "AND queue_id = (SELECT id FROM queues WHERE name = @Queue)";

    /// <param name="connections">Where from.</param>
    /// <param name="columns">What is read of each, as SELECT.</param>
    /// <param name="joins">What that needs beside the jobs.</param>
    /// <param name="limit">So many.</param>
    /// <param name="before">Only jobs with a smaller row number.</param>
    /// <param name="hangUp">Nobody waits any more.</param>
    public async Task<List<T>> RunAsync<T>(ReadConnections connections, string columns, string joins, int limit, long before, CancellationToken hangUp)
    {
        var found = new List<T>();
        var chunk = FirstChunk;
        while (true)
        {
            var (rows, end) = await connections.ScanAsync(connection => Read<T>(connection, columns, joins, limit - found.Count, before, chunk), hangUp);
            found.AddRange(rows);
            if (found.Count >= limit || end is null)
                return found;

            before = end.Value;
            if (chunk == FirstChunk && await connections.ScanAsync(connection => ReadFew<T>(connection, columns, joins, limit - found.Count, before), hangUp) is { } rest)
            {
                found.AddRange(rest);
                return found;
            }

            chunk = Chunk;
        }
    }

    /// <returns>What was found, and where the chunk ended; null at the end of the index.</returns>
    private (List<T> Rows, long? End) Read<T>(SqliteConnection connection, string columns, string joins, int limit, long before, int chunk)
    {
        var parameters = Parameters(limit, before);
        parameters.Add("chunk", chunk);
        var end = IsOrdered
            ? connection.QueryFirstOrDefault<long?>($"SELECT {Stamp}{Source()} WHERE {InIndex}{Order} LIMIT 1 OFFSET @chunk", parameters)
            : null;
        parameters.Add("end", end);
        var sql = columns + Source(withJobs: true) + joins + $" WHERE {InIndex}{OnRow}{(end is null ? "" : $" AND {Stamp} >= @end")}{Order} LIMIT @limit";
        return (connection.Query<T>(sql, parameters).AsList(), end);
    }

    /// <summary>All queued jobs, when they are few: newest first they would be looked for among all that have ended since.</summary>
    /// <returns>Null when they are many, or something else is asked for.</returns>
    private List<T>? ReadFew<T>(SqliteConnection connection, string columns, string joins, int limit, long before)
    {
        if (filter is not { State: JobState.Queued, Tag: null, Batch: null, Key: null or "" })
            return null;
        var parameters = Parameters(limit, before);
        parameters.Add("few", FewQueued);
        if (connection.ExecuteScalar<int>($"SELECT count(*) FROM ({Queued("")} LIMIT @few)", parameters) == FewQueued)
            return null;

        var few = Queued(filter.Queue is null ? "" : OfQueue);
        var sql = columns + $" FROM (SELECT stamp FROM ({few}) ORDER BY stamp DESC{(filter.Key is null && condition is null ? " LIMIT @limit" : "")}) few JOIN jobs j ON j.stamp = few.stamp"
            + joins + $" WHERE 1{OnRow} ORDER BY j.stamp DESC LIMIT @limit";
        return connection.Query<T>(sql, parameters).AsList();
    }

    /// <summary>Each queued job stands in exactly one of these indexes.</summary>
    private static string Queued(string only) => $"""
        SELECT stamp FROM jobs INDEXED BY jobs_ready WHERE state = 0 AND due_at IS NULL AND parked IS NULL AND stamp < @before {only}
        UNION ALL SELECT stamp FROM jobs INDEXED BY jobs_due WHERE state = 0 AND due_at IS NOT NULL AND due_on_wall IS NULL AND stamp < @before {only}
        UNION ALL SELECT stamp FROM jobs INDEXED BY jobs_due_on_wall WHERE state = 0 AND due_at IS NOT NULL AND due_on_wall = 1 AND stamp < @before {only}
        UNION ALL SELECT stamp FROM jobs INDEXED BY jobs_locked WHERE state = 0 AND parked = 0 AND due_at IS NULL AND stamp < @before {only}
        UNION ALL SELECT stamp FROM jobs INDEXED BY jobs_signalled WHERE state = 0 AND parked > 0 AND due_at IS NULL AND stamp < @before {only}
        """;

    private string Stamp => filter.Tag is null ? "j.stamp" : "t.stamp";

    /// <summary>Of jobs that run there are few, and their index is not in the order of their row numbers.</summary>
    private bool IsOrdered => filter is { State: not JobState.Running } or { Tag: not null } or { Batch: not null };

    /// <summary>A batch's jobs were taken in by their index: the order of their row numbers, which its own index does not have.</summary>
    private string Order => $" ORDER BY {(filter.Tag is not null ? "t.stamp" : filter.Batch is not null ? "j.batch_index" : "j.stamp")} DESC";

    /// <summary>The planner, without statistics, would walk all jobs for the order.</summary>
    private string Source(bool withJobs = false) => filter switch
    {
        { Tag: not null } => withJobs ? " FROM tags t JOIN jobs j ON j.stamp = t.stamp" : " FROM tags t",
        { Batch: not null } => " FROM jobs j INDEXED BY jobs_by_batch",
        { State: JobState.Running } => " FROM jobs j INDEXED BY jobs_running",
        { State: >= JobState.Succeeded } => " FROM jobs j INDEXED BY jobs_finished",
        { Key: { Length: > 0 } } => " FROM jobs j INDEXED BY jobs_by_key",
        { Queue: not null } => " FROM jobs j INDEXED BY jobs_by_queue",
        _ => " FROM jobs j",
    };

    /// <summary>What the index says. Literals, and their bounds: a partial index is used only where the text implies it.</summary>
    private string InIndex => $"{Stamp} < @before" + filter switch
    {
        { Tag: not null } => " AND t.tag = @Tag",
        { Batch: not null } => " AND j.batch = (SELECT stamp FROM batches WHERE stamp = @BatchStamp AND salt = @BatchSalt)",
        { State: JobState.Running } => " AND j.state = 1",
        { State: >= JobState.Succeeded and var state } => $" AND j.state = {(int)state} AND j.state >= 2",
        { Key: { Length: > 0 } } => " AND j.key = @Key AND j.key <> ''",
        { Queue: not null } => " AND j.queue_id = (SELECT id FROM queues WHERE name = @Queue)",
        _ => "",
    };

    /// <summary>What only the row says; what the index has said it may say again.</summary>
    private string OnRow =>
        (filter.Queue is null ? "" : " AND j.queue_id = (SELECT id FROM queues WHERE name = @Queue)")
        + (filter.State is { } state ? $" AND j.state = {(int)state}" : "")
        + (filter.Key is null ? "" : " AND j.key = @Key")
        + (filter.Batch is null ? "" : " AND j.batch = (SELECT stamp FROM batches WHERE stamp = @BatchStamp AND salt = @BatchSalt)")
        + (condition is null ? "" : $" AND {condition}");

    private DynamicParameters Parameters(int limit, long before) => new(new
    {
        filter.Queue,
        filter.Key,
        Tag = filter.Tag is var (name, value) ? $"{name}:{value}" : null,
        BatchStamp = filter.Batch?.Stamp,
        BatchSalt = filter.Batch?.Salt,
        limit,
        before,
    });
}
