using System.Diagnostics;
using System.Text;
using JobService.Storage.Sqlite;
using SQLitePCL;

namespace JobService.Bench.Rows;

/// <summary>The drain of a backlog ÷ the changes of rows that it makes, written straight through SQLite: what is left to win by any other way of deciding, at the most.</summary>
internal static class RowsRow
{
    private const int Jobs = 200_000;
    private const int PerTurn = 500;
    private const double Wanted = 0.4;

    private static readonly string payload = BenchService.Payload[11..^1];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutInstantQueueAsync("bench");
        using var backlog = await Backlog.MakeAsync(Jobs, keys: 1, payload);
        var versus = await Versus.RunAsync(
            async () => (await Drained.MeasureAsync(service, "bench", Jobs)).PerSecond,
            () => Task.FromResult(backlog.OnACopy(Write)));
        return new Row($"drain of {Jobs:n0} jobs ÷ the same changes of rows written straight through SQLite, {PerTurn} jobs in a transaction", versus.ToString(), $"{Wanted}", versus.Ratio >= Wanted);
    }

    /// <returns>Jobs a second.</returns>
    private static double Write(SqliteDatabase database)
    {
        using var connection = database.Connect();
        var handle = connection.Handle!;
        using var begin = new SqliteStatement(handle, "BEGIN IMMEDIATE");
        using var commit = new SqliteStatement(handle, "COMMIT");
        using var changes = new Changes(handle);
        var stamps = Stamps(handle);
        var started = Stopwatch.GetTimestamp();
        // A turn of the service under load: the ends of those that were claimed before, and the next claims.
        for (var first = 0; first < Jobs + PerTurn; first += PerTurn)
        {
            begin.Run();
            if (first > 0)
                changes.Finish(stamps.AsSpan(first - PerTurn, PerTurn));
            if (first < Jobs)
                changes.Claim(stamps.AsSpan(first, PerTurn));
            changes.Count(queued: Math.Max(0, Jobs - first - PerTurn), running: first < Jobs ? PerTurn : 0, succeeded: first);
            commit.Run();
        }

        return Jobs / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static long[] Stamps(sqlite3 handle)
    {
        using var select = new SqliteStatement(handle, "SELECT stamp FROM jobs ORDER BY stamp");
        var stamps = new List<long>(Jobs);
        while (select.Step())
            stamps.Add(select.Int64(0));
        return [.. stamps];
    }

    /// <summary>What a drained job changes, without a question why.</summary>
    private sealed class Changes(sqlite3 handle) : IDisposable
    {
        private readonly SqliteStatement claim = new(handle, "UPDATE jobs SET state = 1, attempt = attempt + 1, lease = ?2, started_at = ?3 WHERE stamp = ?1");
        private readonly SqliteStatement finish = new(handle, "UPDATE jobs SET state = 2, lease = NULL, started_at = ?2, finished_at = ?3 WHERE stamp = ?1");
        private readonly SqliteStatement insert = new(handle, "INSERT INTO results (stamp, status, content_type, body) VALUES (?1, 200, 'application/json', ?2)");
        private readonly SqliteStatement count = new(handle, "UPDATE queues SET queued_count = ?2, running_count = ?3, succeeded_count = ?4 WHERE name = ?1");
        private readonly byte[] result = Encoding.ASCII.GetBytes($$"""{"jobId":"{{Guid.Empty}}","attempt":1,"echo":{{payload}}}""");

        public void Claim(ReadOnlySpan<long> stamps)
        {
            foreach (var stamp in stamps)
                claim.Bind(1, stamp).Bind(2, stamp).Bind(3, TimeProvider.System.GetUtcNow().UtcTicks).Run();
        }

        public void Finish(ReadOnlySpan<long> stamps)
        {
            foreach (var stamp in stamps)
            {
                var now = TimeProvider.System.GetUtcNow().UtcTicks;
                finish.Bind(1, stamp).Bind(2, now).Bind(3, now).Run();
                insert.Bind(1, stamp).Bind(2, result).Run();
            }
        }

        public void Count(long queued, long running, long succeeded) => count.Bind(1, Backlog.Queue).Bind(2, queued).Bind(3, running).Bind(4, succeeded).Run();

        public void Dispose()
        {
            claim.Dispose();
            finish.Dispose();
            insert.Dispose();
            count.Dispose();
        }
    }
}
