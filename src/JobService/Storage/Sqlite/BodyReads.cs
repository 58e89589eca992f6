using System.Buffers;
using JobService.Jobs;
using JobService.Ledger;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Reads of large results, without a copy of the whole.</summary>
/// <remarks>SQLite finds each chunk by following the chain of pages before it: half as many chunks cost a quarter of the steps.</remarks>
internal sealed class BodyReads(ReadConnections connections) : IBodyReads
{
    /// <summary>Passes the body in SQLite's own memory, which is valid only during the call.</summary>
    public Task<T?> LookAsync<T>(JobId job, Func<ReadOnlySpan<byte>, T> look, CancellationToken hangUp) => connections.LookAsync(connection =>
    {
        using var select = new SqliteStatement(connection.Handle!, "SELECT body FROM results WHERE stamp = ?1");
        if (!select.Bind(1, job.Stamp).Step())
            return default;
        var seen = look(select.Bytes(0));
        select.Reset();
        return seen;
    }, hangUp);

    public Task<JobInput> InputAsync(JobId job) => connections.ReadAsync(connection =>
    {
        using var select = new SqliteStatement(connection.Handle!, "SELECT payload, request, request_body FROM bodies WHERE stamp = ?1");
        if (!select.Bind(1, job.Stamp).Step())
            throw new InvalidOperationException($"Job {job} runs and has no input row.");
        var input = new JobInput(select.Blob(0), StoredRequest.Of(select.TextOrNull(1), select.IsNull(2) ? null : select.Blob(2)));
        select.Reset();
        return input;
    });

    public Task<bool> CopyAsync(JobId job, int offset, int count, IBufferWriter<byte> target, CancellationToken hangUp) => connections.ReadAsync(connection =>
    {
        using var view = connection.BeginTransaction(deferred: true);
        using var select = new SqliteStatement(connection.Handle!, "SELECT 1 FROM results WHERE stamp = ?1 AND length(body) >= ?2");
        if (!select.Bind(1, job.Stamp).Bind(2, (long)offset + count).Step())
            return false;
        select.Reset();

        Check(connection, raw.sqlite3_blob_open(connection.Handle, "main", "results", "body", job.Stamp, 0, out var blob));
        using (blob)
        {
            for (var end = offset + count; offset < end;)
            {
                var part = target.GetSpan();
                part = part[..Math.Min(part.Length, end - offset)];
                Check(connection, raw.sqlite3_blob_read(blob, part, offset));
                target.Advance(part.Length);
                offset += part.Length;
            }
        }

        return true;
    }, hangUp);

    private static void Check(SqliteConnection connection, int code) => SqliteException.ThrowExceptionForRC(code, connection.Handle);
}
