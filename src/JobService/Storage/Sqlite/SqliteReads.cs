using System.Collections.Concurrent;
using System.Text;
using Dapper;
using JobService.Jobs;
using Microsoft.Data.Sqlite;

namespace JobService.Storage.Sqlite;

/// <summary>Short reads on connections of their own, beside the writer: WAL lets them see the last commit without waiting for the next.</summary>
internal sealed class SqliteReads(SqliteDatabase database) : IDisposable
{
    private const int MaxConnections = 4;

    private const string Columns = """
        SELECT j.stamp AS Stamp, j.salt AS Salt, q.name AS Queue, j.state AS State, j.key AS Key, j.priority AS Priority, j.weight AS Weight,
               j.attempt AS Attempt, j.failures AS Failures, j.max_attempts AS MaxAttempts, j.created_at AS CreatedAt, b.not_before AS NotBefore,
               j.start_before AS StartBefore, j.started_at AS StartedAt, j.finished_at AS FinishedAt, j.due_at AS DueAt, j.cancel_reason AS CancelReason,
               b.tags AS Tags, e.type AS ErrorType, e.title AS ErrorTitle, e.status AS ErrorStatus, e.detail AS ErrorDetail
        """;

    private const string WithResult = """
        , r.status AS ResultStatus, r.content_type AS ContentType, length(r.body) AS Length, CASE WHEN length(r.body) <= @maxInlineBytes THEN r.body END AS Body
        """;

    private const string Joins = """
         JOIN queues q ON q.id = j.queue_id JOIN bodies b ON b.stamp = j.stamp LEFT JOIN errors e ON e.stamp = j.stamp
        """;

    private readonly ConcurrentBag<SqliteConnection> idle = [];
    private readonly SemaphoreSlim free = new(MaxConnections);

    public Task<(JobRead Job, List<AttemptRead> Attempts)?> FindAsync(JobId job, int maxInlineBytes) => ReadAsync<(JobRead, List<AttemptRead>)?>(connection =>
    {
        var found = connection.QueryFirstOrDefault<JobRead>(
            Columns + WithResult + " FROM jobs j " + Joins + " LEFT JOIN results r ON r.stamp = j.stamp WHERE j.stamp = @Stamp AND j.salt = @Salt",
            new { job.Stamp, job.Salt, maxInlineBytes });
        if (found is null)
            return null;

        FindPlace(connection, found);
        var attempts = connection.Query<AttemptRead>(
            "SELECT number AS Number, started_at AS StartedAt, ended_at AS EndedAt, status AS Status, outcome AS Outcome FROM attempts WHERE stamp = @Stamp ORDER BY number",
            new { job.Stamp });
        return (found, attempts.AsList());
    });

    public Task<List<JobRead>> ListAsync(JobFilter filter, int limit, long before) => ReadAsync(connection =>
    {
        var sql = new StringBuilder(Columns).Append(Source(filter)).Append(Joins).Append(Conditions(filter)).Append(" ORDER BY j.stamp DESC LIMIT @limit");
        var rows = connection.Query<JobRead>(sql.ToString(), Parameters(filter, limit, before)).AsList();
        foreach (var row in rows)
            FindPlace(connection, row);
        return rows;
    });

    /// <summary>Ids that match, newest first.</summary>
    public Task<List<JobId>> IdsAsync(JobFilter filter, string condition, int limit, long before) => ReadAsync(connection =>
    {
        var sql = "SELECT j.stamp, j.salt" + Source(filter) + " JOIN queues q ON q.id = j.queue_id" + Conditions(filter) + $" AND {condition} ORDER BY j.stamp DESC LIMIT @limit";
        return connection.Query<(long Stamp, long Salt)>(sql, Parameters(filter, limit, before)).Select(row => JobId.FromParts(row.Stamp, row.Salt)).ToList();
    });

    public void Dispose()
    {
        while (idle.TryTake(out var connection))
            connection.Dispose();
        free.Dispose();
    }

    private async Task<T> ReadAsync<T>(Func<SqliteConnection, T> read)
    {
        await free.WaitAsync();
        try
        {
            if (!idle.TryTake(out var connection))
                connection = database.Connect();
            var answer = read(connection);
            idle.Add(connection); // one that failed is not used again
            return answer;
        }
        catch (SqliteException error)
        {
            throw new StorageUnavailableException(error.Message, error);
        }
        finally
        {
            free.Release();
        }
    }

    /// <summary>The index that leaves least to look through; the planner, without statistics, would walk all jobs for the order.</summary>
    private static string Source(JobFilter filter) => filter switch
    {
        { Tag: not null } => " FROM tags t JOIN jobs j ON j.stamp = t.stamp",
        { State: JobState.Running } => " FROM jobs j INDEXED BY jobs_running",
        { State: >= JobState.Succeeded } => " FROM jobs j INDEXED BY jobs_finished",
        { Key: { Length: > 0 } } => " FROM jobs j INDEXED BY jobs_by_key",
        { Queue: not null } => " FROM jobs j INDEXED BY jobs_by_queue",
        _ => " FROM jobs j",
    };

    private static string Conditions(JobFilter filter)
    {
        var conditions = new StringBuilder(" WHERE j.stamp < @before");
        if (filter.Queue is not null)
            conditions.Append(" AND j.queue_id = (SELECT id FROM queues WHERE name = @Queue)");
        if (filter.State is { } state)
            conditions.Append(" AND j.state = ").Append((int)state); // a literal, and its bound: a partial index is used only where the text implies it
        if (filter.State >= JobState.Succeeded)
            conditions.Append(" AND j.state >= 2");
        if (filter.Key is not null)
            conditions.Append(" AND j.key = @Key");
        if (filter.Key is { Length: > 0 })
            conditions.Append(" AND j.key <> ''");
        if (filter.Tag is not null)
            conditions.Append(" AND t.tag = @Tag");
        return conditions.ToString();
    }

    private static object Parameters(JobFilter filter, int limit, long before) =>
        new { filter.Queue, filter.Key, Tag = filter.Tag is var (name, value) ? $"{name}:{value}" : null, limit, before };

    /// <summary>Place within the lane, from 1; none beyond 1 000 or when the job does not stand in its lane yet.</summary>
    private static void FindPlace(SqliteConnection connection, JobRead job)
    {
        const int counted = 1_000;
        if (job.State != JobState.Queued || job.DueAt is not null)
            return;

        var (ahead, weight) = connection.QuerySingle<(long Jobs, long Weight)>(
            """
            SELECT count(*), COALESCE(sum(weight), 0) FROM (
              SELECT weight FROM jobs INDEXED BY jobs_ready
              WHERE  state = 0 AND due_at IS NULL AND parked IS NULL AND queue_id = (SELECT id FROM queues WHERE name = @Queue) AND key = @Key AND priority > @Priority
              UNION ALL
              SELECT weight FROM jobs INDEXED BY jobs_ready
              WHERE  state = 0 AND due_at IS NULL AND parked IS NULL AND queue_id = (SELECT id FROM queues WHERE name = @Queue) AND key = @Key AND priority = @Priority
                     AND stamp < @Stamp
              LIMIT  @counted)
            """,
            new { job.Queue, job.Key, job.Priority, job.Stamp, counted });
        if (ahead < counted)
            (job.Position, job.WeightAhead) = ((int)ahead + 1, weight);
    }
}
