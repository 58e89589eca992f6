using System.Diagnostics;

namespace JobService.Bench.Rows;

/// <summary>How fast a backlog goes, filled while the queue was paused.</summary>
internal static class DrainRow
{
    private const int Jobs = 200_000;
    private const int Rounds = 3;

    public static async Task<Row> MeasureAsync()
    {
        const string Queue = "bench";
        await using var service = await BenchService.StartAsync();
        await service.PutInstantQueueAsync(Queue);
        var rates = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            await service.SubmitWhilePausedAsync(Queue, Jobs);
            var started = Stopwatch.GetTimestamp();
            await service.ActAsync($"/v1/queues/{Queue}/resume");
            await Drained.WaitAsync(service, Queue);
            rates.Add(Jobs / Stopwatch.GetElapsedTime(started).TotalSeconds);
            await Console.Error.WriteLineAsync($"  round {round}: {rates[^1]:n0} jobs/s");
        }

        var rate = Sample.Median(rates);
        return new Row($"drain of a backlog of {Jobs:n0} jobs", $"**{rate:n0} jobs/s**", "40 000 jobs/s", rate >= 40_000);
    }
}
