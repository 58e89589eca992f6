namespace JobService.Bench.Rows;

/// <summary>One client that waits for each result before it sends the next job.</summary>
internal static class IdleRow
{
    private const int Jobs = 2_000;

    public static async Task<Row> MeasureAsync()
    {
        const string Queue = "bench";
        await using var service = await BenchService.StartAsync();
        await service.PutInstantQueueAsync(Queue);
        var request = BenchService.Submission(Queue, "Prefer: wait=10\r\n");
        LoadGenerator.Run(service.Process.Address, request, connections: 1, TimeSpan.FromMinutes(1), Jobs).Expecting(200); // warms up

        var latency = LoadGenerator.Run(service.Process.Address, request, connections: 1, TimeSpan.FromMinutes(1), Jobs).Expecting(200).Latency;

        var (p50, p99) = (latency.Percentile(0.5).TotalMilliseconds, latency.Percentile(0.99).TotalMilliseconds);
        return new Row("idle submit to result (`Prefer: wait`)", $"**p50 {p50:0.00} ms, p99 {p99:0.00} ms**", "p50 ≤ 2 ms, p99 ≤ 10 ms", p50 <= 2 && p99 <= 10);
    }
}
