using System.Diagnostics;

namespace JobService.Bench.Rows;

/// <summary>This build beside an earlier one, in turns on the same machine: submit, the whole way and the drain of a backlog; of drains also how many jobs a second of processor time brings to their end.</summary>
internal static class BeforeRow
{
    public static readonly IReadOnlyList<string> Names = ["submit", "whole", "drain", "drain-cpu", "limited-cpu"];

    private const string Queue = "bench";

    /// <summary>Under a rate that is asked for each start and hardly ever binds.</summary>
    private const string Limited = "limited";

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
            "drain-cpu" => service => DrainCpuAsync(service, Queue),
            "limited-cpu" => service => DrainCpuAsync(service, Limited),
            _ => async service => (await Drained.MeasureAsync(service, Queue, Backlog)).PerSecond,
        };

        var versus = await Versus.RunAsync(() => measure(now), () => measure(before));
        return new Row($"`{what}`, this build ÷ the earlier one", versus.ToString(), $"{Wanted}", versus.Ratio >= Wanted);
    }

    private static async Task<BenchService> StartAsync(string? program)
    {
        var service = await BenchService.StartAsync(program);
        await service.PutInstantQueueAsync(Queue);
        await service.PutAsync($"/v1/limits/{Limited}", new { kind = "rate", permits = 100_000 });
        await service.PutAsync($"/v1/queues/{Limited}", new { target = new { kind = "simulated" }, maxConcurrency = 64, capacity = 100_000_000, limits = LimitsOfLimited });
        return service;
    }

    private static async Task<double> DrainCpuAsync(BenchService service, string queue) => 1e6 / (await Drained.MeasureAsync(service, queue, Backlog)).Microseconds;

    private static readonly string[] LimitsOfLimited = [Limited];

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
