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
            var (rate, microseconds) = await Drained.MeasureAsync(service, Queue, Jobs);
            rates.Add(rate);
            await Console.Error.WriteLineAsync($"  round {round}: {rate:n0} jobs/s, {microseconds:0.0} µs of processor time each");
        }

        var median = Sample.Median(rates);
        return new Row($"drain of a backlog of {Jobs:n0} jobs", $"**{median:n0} jobs/s**", "40 000 jobs/s", median >= 40_000);
    }
}
