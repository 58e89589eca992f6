using System.Buffers;
using Dapper;
using JobService.Jobs;
using JobService.Ledger;
using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>Reads of inputs and results.</summary>
internal sealed class PostgresBodyReads(PostgresConnections connections) : IBodyReads
{
    public Task<T?> LookAsync<T>(JobId job, Func<ReadOnlySpan<byte>, T> look, CancellationToken hangUp) => connections.ReadAsync(async connection =>
    {
        var body = await connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition("SELECT body FROM results WHERE stamp = @Stamp", new { job.Stamp }, cancellationToken: hangUp));
        return body is null ? default : look(body);
    }, hangUp);

    public Task<JobInput> InputAsync(JobId job) => connections.ReadAsync(async connection =>
    {
        await using var select = new NpgsqlCommand("SELECT payload, request, request_body FROM bodies WHERE stamp = $1", connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = job.Stamp } } };
        await using var row = await select.ExecuteReaderAsync();
        return await row.ReadAsync()
            ? new JobInput(row.BytesOrNull(0) ?? [], StoredRequest.Of(row.TextOrNull(1), row.BytesOrNull(2)))
            : throw new InvalidOperationException($"Job {job} runs and has no input row.");
    });

    public Task<bool> CopyAsync(JobId job, int offset, int count, IBufferWriter<byte> target, CancellationToken hangUp) => connections.ReadAsync(async connection =>
    {
        var part = await connection.ExecuteScalarAsync<byte[]?>(new CommandDefinition(
            "SELECT substring(body FROM @from FOR @count) FROM results WHERE stamp = @Stamp AND length(body) >= @end",
            new { job.Stamp, from = offset + 1, count, end = offset + count }, cancellationToken: hangUp));
        if (part is null)
            return false;
        target.Write(part);
        return true;
    }, hangUp);
}
