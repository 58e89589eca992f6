using Dapper;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>Reads of single jobs and lists of them.</summary>
internal sealed class SqliteReads(ReadConnections connections) : IJobReads
{
    private const string Columns = """
        SELECT j.stamp AS Stamp, j.salt AS Salt, q.name AS Queue, j.state AS State, j.key AS Key, j.priority AS Priority, j.weight AS Weight, j.weights AS Weights,
               j.attempt AS Attempt, j.failures AS Failures, j.max_attempts AS MaxAttempts, j.created_at AS CreatedAt, b.not_before AS NotBefore,
               j.start_before AS StartBefore, j.started_at AS StartedAt, j.finished_at AS FinishedAt, j.due_at AS DueAt, j.cancel_reason AS CancelReason,
               j.lock AS Lock, j.parked AS Parked, j.batch AS BatchStamp, g.salt AS BatchSalt,
               COALESCE(j.batch_index, 0) AS BatchIndex, b.tags AS Tags, e.type AS ErrorType, e.status AS ErrorStatus, e.detail AS ErrorDetail, e.headers AS ErrorHeaders,
               c.url AS CallbackUrl
        """;

    private const string WithResult = """
        , r.status AS ResultStatus, r.content_type AS ContentType, r.headers AS ResponseHeaders, length(r.body) AS Length, CASE WHEN length(r.body) <= @maxInlineBytes THEN r.body END AS Body
        """;

    private const string Joins = """
         JOIN queues q ON q.id = j.queue_id JOIN bodies b ON b.stamp = j.stamp LEFT JOIN errors e ON e.stamp = j.stamp LEFT JOIN batches g ON g.stamp = j.batch
         LEFT JOIN callbacks c ON j.callback = 1 AND c.stamp = j.stamp
        """;

    private const string One = Columns + WithResult + " FROM jobs j " + Joins + " LEFT JOIN results r ON r.stamp = j.stamp WHERE j.stamp = @stamp AND j.salt = @salt";

    private const string Attempts =
        "SELECT number AS Number, started_at AS StartedAt, ended_at AS EndedAt, status AS Status, outcome AS Outcome FROM attempts WHERE stamp = @stamp ORDER BY number";

    public Task<(JobRead Job, List<AttemptRead> Attempts)?> FindAsync(JobId job, int maxInlineBytes) => connections.ReadAsync<(JobRead, List<AttemptRead>)?>(connection =>
    {
        if (connection.Read<JobRead>(One, ("@stamp", job.Stamp), ("@salt", job.Salt), ("@maxInlineBytes", maxInlineBytes)) is not [var found])
            return null;

        JobPlaces.Find(connection, [found]);
        return (found, connection.Read<AttemptRead>(Attempts, ("@stamp", job.Stamp)));
    });

    /// <summary>Jobs that match, newest first.</summary>
    public async Task<List<JobRead>> ListAsync(JobFilter filter, int limit, long before, CancellationToken hangUp)
    {
        var scan = new JobScan(filter);
        var jobs = await scan.RunAsync<JobRead>(connections, Columns, Joins, limit, before, hangUp);
        if (jobs.Exists(job => job.State == JobState.Queued))
            await connections.ScanAsync(connection => JobPlaces.Find(connection, jobs), hangUp);
        return jobs;
    }

    /// <summary>Ids that match, newest first.</summary>
    public async Task<List<JobId>> IdsAsync(JobFilter filter, IReadOnlyList<JobState> states, int limit, long before)
    {
        var scan = new JobScan(filter, states);
        var ids = await scan.RunAsync<(long Stamp, long Salt)>(connections, "SELECT j.stamp, j.salt", " JOIN queues q ON q.id = j.queue_id", limit, before, CancellationToken.None);
        return ids.ConvertAll(id => JobId.FromParts(id.Stamp, id.Salt));
    }

    public Task<IReadOnlySet<JobId>> WithTagAsync(IReadOnlyCollection<JobId> jobs, (string Name, string Value) tag) => connections.ReadAsync<IReadOnlySet<JobId>>(connection =>
    {
        var stamps = $"[{string.Join(',', jobs.Select(job => job.Stamp))}]";
        var tagged = connection.Query<long>(
            "SELECT t.stamp FROM json_each(@stamps) wanted JOIN tags t ON t.tag = @tag AND t.stamp = wanted.value",
            new { stamps, tag = $"{tag.Name}:{tag.Value}" }).ToHashSet();
        return jobs.Where(job => tagged.Contains(job.Stamp)).ToHashSet();
    });

    public Task<SignalStatus> SignalAsync(string name) => connections.ScanAsync(connection =>
    {
        var setAt = connection.ExecuteScalar<long?>("SELECT set_at FROM signals WHERE name = @name", new { name });
        var waiting = connection.ExecuteScalar<long>(
            "SELECT count(*) FROM jobs INDEXED BY jobs_signalled WHERE state = 0 AND parked > 0 AND signal = @name", new { name });
        return new SignalStatus(setAt is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null, waiting);
    });
}
