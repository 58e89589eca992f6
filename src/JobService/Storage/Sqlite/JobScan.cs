using Dapper;
using JobService.Jobs;
using Microsoft.Data.Sqlite;

namespace JobService.Storage.Sqlite;

/// <summary>Finds the jobs that match a filter, newest first, with the most selective index.</summary>
/// <remarks>
/// Conditions that the index does not cover are checked on each row, and a million of them may fail before a page is full. So it scans one chunk at a time; between two of
/// them others read.
/// </remarks>
internal sealed class JobScan(JobFilter filter, IReadOnlyList<JobState>? states = null)
{
    /// <summary>Rows of the index in the first chunk: mostly the page is full then. And in the others: about 50 ms.</summary>
    private const int FirstChunk = 1_000;
    private const int Chunk = 20_000;

    /// <summary>Up to this many queued jobs are sorted, rather than found among all others.</summary>
    private const int FewQueued = 50_000;

    private const string OfQueue = "AND queue_id = (SELECT id FROM queues WHERE name = @Queue)";

    /// <param name="connections">The read connections.</param>
    /// <param name="columns">The columns to read, as SELECT.</param>
    /// <param name="joins">The joins that the columns need.</param>
    /// <param name="limit">Maximum number of jobs.</param>
    /// <param name="before">Only jobs with a smaller row number.</param>
    /// <param name="hangUp">Cancels the scan.</param>
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

    /// <summary>All queued jobs, if they are few: newest first, they would have to be found among all that have ended since.</summary>
    /// <returns>Null when there are many, or the filter is a different one.</returns>
    private List<T>? ReadFew<T>(SqliteConnection connection, string columns, string joins, int limit, long before)
    {
        if (filter is not { State: JobState.Queued, Tag: null, Batch: null, Key: null or "" })
            return null;
        var parameters = Parameters(limit, before);
        parameters.Add("few", FewQueued);
        if (connection.ExecuteScalar<int>($"SELECT count(*) FROM ({Queued("")} LIMIT @few)", parameters) == FewQueued)
            return null;

        var few = Queued(filter.Queue is null ? "" : OfQueue);
        var sql = columns + $" FROM (SELECT stamp FROM ({few}) ORDER BY stamp DESC{(filter.Key is null && states is null ? " LIMIT @limit" : "")}) few JOIN jobs j ON j.stamp = few.stamp"
            + joins + $" WHERE 1{OnRow} ORDER BY j.stamp DESC LIMIT @limit";
        return connection.Query<T>(sql, parameters).AsList();
    }

    /// <summary>Each queued job is in exactly one of these indexes.</summary>
    private static string Queued(string only) => $"""
        SELECT stamp FROM jobs INDEXED BY jobs_ready WHERE state = 0 AND due_at IS NULL AND parked IS NULL AND stamp < @before {only}
        UNION ALL SELECT stamp FROM jobs INDEXED BY jobs_due WHERE state = 0 AND due_at IS NOT NULL AND due_on_wall IS NULL AND stamp < @before {only}
        UNION ALL SELECT stamp FROM jobs INDEXED BY jobs_due_on_wall WHERE state = 0 AND due_at IS NOT NULL AND due_on_wall = 1 AND stamp < @before {only}
        UNION ALL SELECT stamp FROM jobs INDEXED BY jobs_locked WHERE state = 0 AND parked = 0 AND due_at IS NULL AND stamp < @before {only}
        UNION ALL SELECT stamp FROM jobs INDEXED BY jobs_signalled WHERE state = 0 AND parked > 0 AND due_at IS NULL AND stamp < @before {only}
        """;

    private string Stamp => filter.Tag is null ? "j.stamp" : "t.stamp";

    /// <summary>Running jobs are few, and their index is not in the order of row numbers.</summary>
    private bool IsOrdered => filter is { State: not JobState.Running } or { Tag: not null } or { Batch: not null };

    /// <summary>A batch's jobs were accepted in the order of their index, which is the order of their row numbers; its database index has only the former.</summary>
    private string Order => $" ORDER BY {(filter.Tag is not null ? "t.stamp" : filter.Batch is not null ? "j.batch_index" : "j.stamp")} DESC";

    /// <summary>Without statistics, the query planner would walk all jobs for the order.</summary>
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

    /// <summary>The conditions that the index covers. With literals: a partial index is used only if the text implies its condition.</summary>
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

    /// <summary>The conditions checked on the row; those of the index may be repeated.</summary>
    private string OnRow =>
        (filter.Queue is null ? "" : " AND j.queue_id = (SELECT id FROM queues WHERE name = @Queue)")
        + (filter.State is { } state ? $" AND j.state = {(int)state}" : "")
        + (filter.Key is null ? "" : " AND j.key = @Key")
        + (filter.Batch is null ? "" : " AND j.batch = (SELECT stamp FROM batches WHERE stamp = @BatchStamp AND salt = @BatchSalt)")
        + (states is null ? "" : $" AND j.state IN ({string.Join(',', states.Select(state => (int)state))})");

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
