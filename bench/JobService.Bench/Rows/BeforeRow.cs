using System.Diagnostics;

namespace JobService.Bench.Rows;

/// <summary>This build beside an earlier one, in turns on the same machine: submit, the whole way and the drain of a backlog.</summary>
internal static class BeforeRow
{
    public static readonly IReadOnlyList<string> Names = ["submit", "whole", "drain"];

    private const string Queue = "bench";
    private const int Backlog = 100_000;
    private const double Wanted = 0.97;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(4);
    private static readonly byte[] Request = BenchService.Submission(Queue);

    /// <param name="what">One of <see cref="Names"/>.</param>
    /// <param name="program">The earlier build's JobService.dll.</param>
    public static async Task<Row> MeasureAsync(string what, string program)
    {
        await using var now = await StartAsync(program: null);
        await using var before = await StartAsync(program);
        Func<BenchService, Task<double>> measure = what switch
        {
            "submit" => SubmitAsync,
            "whole" => WholeAsync,
            _ => async service => (await Drained.MeasureAsync(service, Queue, Backlog)).PerSecond,
        };

        var versus = await Versus.RunAsync(() => measure(now), () => measure(before));
        return new Row($"`{what}`, this build ÷ the earlier one", versus.ToString(), $"{Wanted}", versus.Ratio >= Wanted);
    }

    private static async Task<BenchService> StartAsync(string? program)
    {
        var service = await BenchService.StartAsync(program);
        await service.PutInstantQueueAsync(Queue);
        return service;
    }

    private static async Task<double> SubmitAsync(BenchService service)
    {
        await service.ActAsync($"/v1/queues/{Queue}/pause");
        var rate = LoadGenerator.Run(service.Process.Address, Request, BenchService.ManyConnections, Length).Expecting(202).PerSecond;
        await service.ActAsync($"/v1/queues/{Queue}/purge");
        return rate;
    }

    private static async Task<double> WholeAsync(BenchService service)
    {
        var started = Stopwatch.GetTimestamp();
        var load = LoadGenerator.Run(service.Process.Address, Request, BenchService.ManyConnections, Length).Expecting(202);
        await Drained.WaitAsync(service, Queue);
        return load.Answers / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
