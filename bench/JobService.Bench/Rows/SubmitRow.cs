namespace JobService.Bench.Rows;

/// <summary>What a durable 202 costs beside a bare one. The queue is paused: nothing but the intake works.</summary>
internal static class SubmitRow
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(4);

    public static async Task<Row> MeasureAsync()
    {
        const string Queue = "bench";
        await using var service = await BenchService.StartAsync();
        await using var bare = await service.StartBareAsync();
        await service.PutInstantQueueAsync(Queue);
        await service.ActAsync($"/v1/queues/{Queue}/pause");
        var request = BenchService.Submission(Queue);

        var versus = await Versus.RunAsync(
            () => Task.FromResult(LoadGenerator.Run(service.Process.Address, request, BenchService.ManyConnections, Length).Expecting(202).PerSecond),
            () => Task.FromResult(LoadGenerator.Run(bare.Address, request, BenchService.ManyConnections, Length).Expecting(202).PerSecond));

        return new Row("durable `POST /v1/jobs`, 64 connections ÷ a bare Kestrel POST", versus.ToString(), "0.30, goal 0.35", versus.Ratio >= 0.30);
    }
}
