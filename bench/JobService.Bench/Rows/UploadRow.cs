using System.Diagnostics;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage.Sqlite;

namespace JobService.Bench.Rows;

/// <summary>A batch as NDJSON until its answer, ÷ an insert of the same rows by the same statements into a database of the same tables, a thousand in a transaction.</summary>
internal static class UploadRow
{
    private const int Jobs = 100_000;
    private const int PerTransaction = 1_000;
    private const double Wanted = 0.5;

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutInstantQueueAsync("bench");
        await service.ActAsync("/v1/queues/bench/pause");
        var lines = WireStream.Jobs(Jobs);
        var versus = await Versus.RunAsync(() => Task.FromResult(Upload(service, lines)), () => Task.FromResult(Insert()));
        return new Row($"batch of {Jobs:n0} as NDJSON, durable ÷ bare insert of the same rows into SQLite", versus.ToString(), $"{Wanted}", versus.Ratio >= Wanted);
    }

    private static double Upload(BenchService service, byte[] lines)
    {
        var started = Stopwatch.GetTimestamp();
        using var upload = new WireStream(service.Process.Address, WireStream.Upload("/v1/batches?queue=bench", lines.Length));
        upload.Send(lines);
        upload.ReadUntil($"\"total\":{Jobs}");
        return Jobs / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double Insert()
    {
        var folder = BenchService.NewDataFolder();
        using var database = SqliteDatabase.Open(Path.Combine(folder.FullName, "bare.db"));
        using var connection = database.Connect();
        var ids = new JobIdSource(TimeProvider.System, new Random(1));
        var payload = System.Text.Encoding.ASCII.GetBytes(BenchService.Payload[11..^1]);
        var batch = ids.Next();
        var jobs = Enumerable.Range(0, Jobs).Select(index => new NewJob { Id = ids.Next(), Queue = "bench", Payload = payload, Batch = new BatchPlace(batch, index) }).ToArray();
        using var rows = new JobWrites(connection.Handle!);
        using var begin = new SqliteStatement(connection.Handle!, "BEGIN IMMEDIATE");
        using var commit = new SqliteStatement(connection.Handle!, "COMMIT");
        var started = Stopwatch.GetTimestamp();
        foreach (var piece in jobs.Chunk(PerTransaction))
        {
            begin.Run();
            foreach (var job in piece)
                rows.Write(new JobChange.Inserted(new NewRow(job), QueueId: 1, Now: started, DueAt: null, Parked: null));
            commit.Run();
        }

        var rate = Jobs / Stopwatch.GetElapsedTime(started).TotalSeconds;
        connection.Close();
        folder.Delete(recursive: true);
        return rate;
    }
}
