using System.Diagnostics;

namespace JobService.Bench.Rows;

/// <summary>All results of a finished batch in input order, as NDJSON.</summary>
internal static class GatherRow
{
    private const int Jobs = 100_000;
    private const int Rounds = 5;

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutInstantQueueAsync("bench");
        var lines = WireStream.Jobs(Jobs);
        using (var upload = new WireStream(service.Process.Address, WireStream.Upload("/v1/batches?queue=bench", lines.Length)))
        {
            upload.Send(lines);
            upload.ReadUntil($"\"total\":{Jobs}");
        }

        await Drained.WaitAsync(service, "bench");
        var jobs = await service.GetAsync("/v1/jobs?limit=1");
        var batch = jobs.GetProperty("items")[0].GetProperty("batch").GetProperty("id").GetString();

        var rates = new List<double>();
        await using var memory = new MemoryWatch(service.Process);
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            using var results = new WireStream(service.Process.Address, WireStream.Get($"/v1/batches/{batch}/results?order=input", "application/x-ndjson"));
            results.ReadUntil("\"summary\"");
            rates.Add(Jobs / Stopwatch.GetElapsedTime(started).TotalSeconds);
            await Console.Error.WriteLineAsync($"  round {round}: {rates[^1]:n0} results/s, {memory.GrowthInMegabytes:0} MB more");
        }

        var rate = Sample.Median(rates);
        var more = memory.GrowthInMegabytes;
        return new Row($"gather of {Jobs:n0} finished results, NDJSON", $"**{rate:n0} results/s, {more:0} MB more**", "100 000 results/s, ≤ 50 MB", rate >= 100_000 && more <= 50);
    }
}
