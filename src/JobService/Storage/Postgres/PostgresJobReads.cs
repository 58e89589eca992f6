using Dapper;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Storage.Postgres;

/// <summary>Reads of single jobs and lists of them.</summary>
internal sealed class PostgresJobReads(PostgresConnections connections) : IJobReads
{
    private const string Columns = """
        SELECT j.stamp AS "Stamp", j.salt AS "Salt", q.name AS "Queue", j.state AS "State", j.key AS "Key", -j.rank AS "Priority", j.weight AS "Weight", j.weights AS "Weights",
               j.attempt AS "Attempt", j.failures AS "Failures", j.max_attempts AS "MaxAttempts", j.created_at AS "CreatedAt", b.not_before AS "NotBefore",
               j.start_before AS "StartBefore", j.started_at AS "StartedAt", j.finished_at AS "FinishedAt", j.due_at AS "DueAt", j.cancel_reason AS "CancelReason",
               j.lock AS "Lock", j.parked AS "Parked", j.batch AS "BatchStamp", g.salt AS "BatchSalt",
               COALESCE(j.batch_index, 0) AS "BatchIndex", b.tags AS "Tags", e.type AS "ErrorType", e.status AS "ErrorStatus", e.detail AS "ErrorDetail", e.headers AS "ErrorHeaders",
               c.url AS "CallbackUrl"
        """;

    private const string WithResult = """
        , r.status AS "ResultStatus", r.content_type AS "ContentType", r.headers AS "ResponseHeaders", COALESCE(length(r.body), 0)::bigint AS "Length",
        CASE WHEN length(r.body) <= @maxInlineBytes THEN r.body END AS "Body"
        """;

    private const string Joins = """
         JOIN queues q ON q.id = j.queue_id JOIN bodies b ON b.stamp = j.stamp LEFT JOIN errors e ON e.stamp = j.stamp LEFT JOIN batches g ON g.stamp = j.batch
         LEFT JOIN callbacks c ON j.has_callback AND c.stamp = j.stamp
        """;

    private const string One = Columns + WithResult + " FROM jobs j" + Joins + " LEFT JOIN results r ON r.stamp = j.stamp WHERE j.stamp = @Stamp AND j.salt = @Salt";

    private const string Attempts = """
        SELECT number AS "Number", started_at AS "StartedAt", ended_at AS "EndedAt", status AS "Status", outcome AS "Outcome" FROM attempts WHERE stamp = @Stamp ORDER BY number
        """;

    public Task<(JobRead Job, List<AttemptRead> Attempts)?> FindAsync(JobId job, int maxInlineBytes) => connections.ReadAsync<(JobRead, List<AttemptRead>)?>(async connection =>
    {
        // Both in one view: a job that moves to its end between them would show the attempts of neither.
        await using var view = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        if (await connection.QueryFirstOrDefaultAsync<JobRead>(One, new { job.Stamp, job.Salt, maxInlineBytes }) is not { } found)
            return null;
        await JobPlaces.FindAsync(connection, [found]);
        return (found, (await connection.QueryAsync<AttemptRead>(Attempts, new { job.Stamp })).AsList());
    });

    public Task<List<JobRead>> ListAsync(JobFilter filter, int limit, long before, CancellationToken hangUp) => connections.ReadAsync(async connection =>
    {
        await using var view = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, hangUp);
        var found = JobScan.Of(filter, states: null);
        var sql = $"WITH found AS MATERIALIZED ({found}) {Columns} FROM found JOIN jobs j ON j.stamp = found.stamp {Joins} ORDER BY j.stamp DESC";
        var jobs = (await connection.QueryAsync<JobRead>(new CommandDefinition(sql, JobScan.Parameters(filter, limit, before), cancellationToken: hangUp))).AsList();
        await JobPlaces.FindAsync(connection, jobs);
        return jobs;
    }, hangUp);

    public Task<List<JobId>> IdsAsync(JobFilter filter, IReadOnlyList<JobState> states, int limit, long before) => connections.ReadAsync(async connection =>
    {
        var ids = await connection.QueryAsync<(long Stamp, long Salt)>(JobScan.Of(filter, states), JobScan.Parameters(filter, limit, before));
        return ids.Select(id => JobId.FromParts(id.Stamp, id.Salt)).ToList();
    });

    public Task<IReadOnlySet<JobId>> WithTagAsync(IReadOnlyCollection<JobId> jobs, (string Name, string Value) tag) => connections.ReadAsync<IReadOnlySet<JobId>>(async connection =>
    {
        var stamps = jobs.Select(job => job.Stamp).ToArray();
        var tagged = (await connection.QueryAsync<long>("SELECT stamp FROM tags WHERE tag = @tag AND stamp = ANY (@stamps)", new { stamps, tag = $"{tag.Name}:{tag.Value}" })).ToHashSet();
        return jobs.Where(job => tagged.Contains(job.Stamp)).ToHashSet();
    });

    public Task<SignalStatus> SignalAsync(string name) => connections.ReadAsync(async connection =>
    {
        var (setAt, waiting) = await connection.QuerySingleAsync<(long?, long)>(
            "SELECT (SELECT set_at FROM signals WHERE name = @name), (SELECT count(*) FROM active_jobs WHERE parked > 0 AND signal = @name AND state = 0)", new { name });
        return new SignalStatus(setAt is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null, waiting);
    });
}
