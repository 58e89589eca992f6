using System.Text;
using Dapper;
using JobService.Jobs;
using JobService.Lanes;
using Microsoft.Data.Sqlite;

namespace JobService.Storage.Sqlite;

/// <summary>Reads of single jobs and lists of them.</summary>
internal sealed class SqliteReads(ReadConnections connections)
{
    private const string Columns = """
        SELECT j.stamp AS Stamp, j.salt AS Salt, q.name AS Queue, j.state AS State, j.key AS Key, j.priority AS Priority, j.weight AS Weight, j.weights AS Weights,
               j.attempt AS Attempt, j.failures AS Failures, j.max_attempts AS MaxAttempts, j.created_at AS CreatedAt, b.not_before AS NotBefore,
               j.start_before AS StartBefore, j.started_at AS StartedAt, j.finished_at AS FinishedAt, j.due_at AS DueAt, j.cancel_reason AS CancelReason,
               j.lock AS Lock, j.parked AS Parked, j.batch AS BatchStamp, g.salt AS BatchSalt,
               COALESCE(j.batch_index, 0) AS BatchIndex, b.tags AS Tags, e.type AS ErrorType, e.title AS ErrorTitle, e.status AS ErrorStatus, e.detail AS ErrorDetail, e.headers AS ErrorHeaders,
               c.url AS CallbackUrl
        """;

    private const string WithResult = """
        , r.status AS ResultStatus, r.content_type AS ContentType, r.headers AS ResponseHeaders, length(r.body) AS Length, CASE WHEN length(r.body) <= @maxInlineBytes THEN r.body END AS Body
        """;

    private const string Joins = """
         JOIN queues q ON q.id = j.queue_id JOIN bodies b ON b.stamp = j.stamp LEFT JOIN errors e ON e.stamp = j.stamp LEFT JOIN batches g ON g.stamp = j.batch
         LEFT JOIN callbacks c ON j.callback = 1 AND c.stamp = j.stamp
        """;

    public Task<(JobRead Job, List<AttemptRead> Attempts)?> FindAsync(JobId job, int maxInlineBytes) => connections.ReadAsync<(JobRead, List<AttemptRead>)?>(connection =>
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

    public Task<List<JobRead>> ListAsync(JobFilter filter, int limit, long before) => connections.ReadAsync(connection =>
    {
        var sql = new StringBuilder(Columns).Append(Source(filter)).Append(Joins).Append(Conditions(filter)).Append(NewestFirst(filter));
        var rows = connection.Query<JobRead>(sql.ToString(), Parameters(filter, limit, before)).AsList();
        foreach (var row in rows)
            FindPlace(connection, row);
        return rows;
    });

    /// <summary>Ids that match, newest first.</summary>
    public Task<List<JobId>> IdsAsync(JobFilter filter, string condition, int limit, long before) => connections.ReadAsync(connection =>
    {
        var sql = "SELECT j.stamp, j.salt" + Source(filter) + " JOIN queues q ON q.id = j.queue_id" + Conditions(filter) + $" AND {condition}" + NewestFirst(filter);
        return connection.Query<(long Stamp, long Salt)>(sql, Parameters(filter, limit, before)).Select(row => JobId.FromParts(row.Stamp, row.Salt)).ToList();
    });

    public Task<IReadOnlySet<JobId>> WithTagAsync(IReadOnlyCollection<JobId> jobs, (string Name, string Value) tag) => connections.ReadAsync<IReadOnlySet<JobId>>(connection =>
    {
        var stamps = $"[{string.Join(',', jobs.Select(job => job.Stamp))}]";
        var tagged = connection.Query<long>(
            "SELECT t.stamp FROM json_each(@stamps) wanted JOIN tags t ON t.tag = @tag AND t.stamp = wanted.value",
            new { stamps, tag = $"{tag.Name}:{tag.Value}" }).ToHashSet();
        return jobs.Where(job => tagged.Contains(job.Stamp)).ToHashSet();
    });

    /// <summary>The index that leaves least to look through; the planner, without statistics, would walk all jobs for the order.</summary>
    private static string Source(JobFilter filter) => filter switch
    {
        { Tag: not null } => " FROM tags t JOIN jobs j ON j.stamp = t.stamp",
        { Batch: not null } => " FROM jobs j INDEXED BY jobs_by_batch",
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
        if (filter.Batch is not null)
            conditions.Append(" AND j.batch = (SELECT stamp FROM batches WHERE stamp = @BatchStamp AND salt = @BatchSalt)");
        return conditions.ToString();
    }

    /// <summary>A batch's jobs were taken in by their index: the order of their row numbers, which its own index does not have.</summary>
    private static string NewestFirst(JobFilter filter) => $" ORDER BY {(filter.Batch is null || filter.Tag is not null ? "j.stamp" : "j.batch_index")} DESC LIMIT @limit";

    private static object Parameters(JobFilter filter, int limit, long before) =>
        new
        {
            filter.Queue,
            filter.Key,
            Tag = filter.Tag is var (name, value) ? $"{name}:{value}" : null,
            BatchStamp = filter.Batch?.Stamp,
            BatchSalt = filter.Batch?.Salt,
            limit,
            before,
        };

    public Task<SignalStatus> SignalAsync(string name) => connections.ReadAsync(connection =>
    {
        var setAt = connection.ExecuteScalar<long?>("SELECT set_at FROM signals WHERE name = @name", new { name });
        var waiting = connection.ExecuteScalar<long>(
            "SELECT count(*) FROM jobs INDEXED BY jobs_signalled WHERE state = 0 AND parked > 0 AND signal = @name", new { name });
        return new SignalStatus(setAt is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null, waiting);
    });

    private const string InLaneBefore = """
        SELECT weight, weights FROM jobs INDEXED BY jobs_ready
        WHERE  state = 0 AND due_at IS NULL AND parked IS NULL AND queue_id = (SELECT id FROM queues WHERE name = @Queue) AND key = @Key AND priority > @Priority
        UNION ALL
        SELECT weight, weights FROM jobs INDEXED BY jobs_ready
        WHERE  state = 0 AND due_at IS NULL AND parked IS NULL AND queue_id = (SELECT id FROM queues WHERE name = @Queue) AND key = @Key AND priority = @Priority
               AND stamp < @Stamp
        LIMIT  @counted
        """;

    /// <summary>Place within the lane or within the line of the lock, from 1; none beyond 1 000 or when the job stands in neither.</summary>
    private static void FindPlace(SqliteConnection connection, JobRead job)
    {
        const int counted = 1_000;
        if (job.State != JobState.Queued || job.DueAt is not null || job.Parked > ParkedRows.InLine)
            return;

        var (ahead, weight, naming) = connection.QuerySingle<(long Jobs, long Weight, long Naming)>(
            job.Parked == ParkedRows.InLine ?
            """
            SELECT count(*), 0, 0 FROM (
              SELECT 1 FROM jobs INDEXED BY jobs_locked WHERE state = 0 AND parked = 0 AND lock = @Lock AND priority > @Priority
              UNION ALL
              SELECT 1 FROM jobs INDEXED BY jobs_locked WHERE state = 0 AND parked = 0 AND lock = @Lock AND priority = @Priority AND stamp < @Stamp
              LIMIT  @counted)
            """ :
            """
            SELECT count(*), COALESCE(sum(weight), 0), count(weights) FROM (
            """ + InLaneBefore + ")",
            new { job.Queue, job.Key, job.Lock, job.Priority, job.Stamp, counted });
        if (ahead >= counted)
            return;

        // Few jobs give weights by name: only then it is asked what they are.
        var named = naming == 0 ? null : connection.Query<(string Name, long Named, long Weight)>(
            "SELECT name.key, sum(name.value), sum(weight) FROM (" + InLaneBefore + ") ahead, json_each(ahead.weights) name WHERE ahead.weights IS NOT NULL GROUP BY name.key",
            new { job.Queue, job.Key, job.Priority, job.Stamp, counted }).ToDictionary(row => row.Name, row => (row.Named, row.Weight));
        (job.Position, job.Ahead) = ((int)ahead + 1, new JobsAhead(ahead, weight, named));
    }
}
