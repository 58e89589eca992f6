using System.Diagnostics;

namespace JobService.Bench.Rows;

/// <summary>Jobs in and results out on one connection, ÷ the drain of as many that were there before.</summary>
internal static class MapRow
{
    private const int Jobs = 200_000;
    private const double Wanted = 0.35;

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutInstantQueueAsync("bench");
        await service.PutInstantQueueAsync("map");
        var lines = WireStream.Jobs(Jobs);
        var growth = new List<double>();
        var versus = await Versus.RunAsync(
            async () =>
            {
                await using var memory = new MemoryWatch(service.Process);
                var rate = await MapAsync(service, lines);
                growth.Add(memory.GrowthInMegabytes);
                return rate;
            },
            () => DrainAsync(service, lines));
        var more = growth.Skip(1).Max(); // the first warms up
        return new Row(
            $"map of {Jobs:n0} through a target that answers at once ÷ plain drain", $"{versus}, **{more:0} MB more**", $"{Wanted}, ≤ 50 MB", versus.Ratio >= Wanted && more <= 50);
    }

    private static async Task<double> MapAsync(BenchService service, byte[] lines)
    {
        var started = Stopwatch.GetTimestamp();
        using var map = new WireStream(service.Process.Address, WireStream.Upload("/v1/queues/map/map", lines.Length));
        var sending = Task.Factory.StartNew(() => map.Send(lines), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        map.ReadUntil($"\"succeeded\":{Jobs}");
        await sending;
        return Jobs / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<double> DrainAsync(BenchService service, byte[] lines)
    {
        await service.ActAsync("/v1/queues/bench/pause");
        using (var upload = new WireStream(service.Process.Address, WireStream.Upload("/v1/batches?queue=bench", lines.Length)))
        {
            upload.Send(lines);
            upload.ReadUntil($"\"total\":{Jobs}");
        }

        var started = Stopwatch.GetTimestamp();
        await service.ActAsync("/v1/queues/bench/resume");
        await Drained.WaitAsync(service, "bench");
        return Jobs / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
