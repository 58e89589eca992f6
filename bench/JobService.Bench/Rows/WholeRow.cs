using System.Diagnostics;

namespace JobService.Bench.Rows;

/// <summary>From the POST to the committed result, as long as posts keep coming and until the last has ended.</summary>
internal static class WholeRow
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(6);

    public static async Task<Row> MeasureAsync()
    {
        const string Queue = "bench";
        await using var service = await BenchService.StartAsync();
        await using var bare = await service.StartBareAsync();
        await service.PutInstantQueueAsync(Queue);
        var request = BenchService.Submission(Queue);

        var versus = await Versus.RunAsync(WholeWayAsync, BareAsync);

        return new Row("the whole way, POST → committed result, sustained ÷ the same bare POST", versus.ToString(), "0.20, goal 0.25", versus.Ratio >= 0.20);

        async Task<double> WholeWayAsync()
        {
            var (before, _) = await service.CountAsync(Queue);
            var started = Stopwatch.GetTimestamp();
            var load = LoadGenerator.Run(service.Process.Address, request, BenchService.ManyConnections, Length).Expecting(202);
            await Drained.WaitAsync(service, Queue);
            var elapsed = Stopwatch.GetElapsedTime(started);
            var (after, _) = await service.CountAsync(Queue);
            return after - before == load.Answers
                ? load.Answers / elapsed.TotalSeconds
                : throw new InvalidOperationException($"{load.Answers} jobs were accepted and {after - before} have succeeded.");
        }

        Task<double> BareAsync() =>
            Task.FromResult(LoadGenerator.Run(bare.Address, request, BenchService.ManyConnections, Length).Expecting(202).PerSecond);
    }
}
