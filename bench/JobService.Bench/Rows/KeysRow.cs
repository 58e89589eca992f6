using System.Diagnostics;
using System.Net.Http.Json;

namespace JobService.Bench.Rows;

/// <summary>What limits, keys and locks cost: the drain of as many keys as jobs, each under a shared rate, a rate of its own and a lock of its own, ÷ the drain of the same without them.</summary>
internal static class KeysRow
{
    private const int Jobs = 100_000;
    private const int Rounds = 3;
    private const double Wanted = 0.4;

    private static readonly string[] Limits = ["all", "own"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        // Limits that are asked and never bind: what is measured is the work, not the waiting.
        await service.PutAsync("/v1/limits/all", new { kind = "rate", permits = 1_000_000, burst = 1_000_000 });
        await service.PutAsync("/v1/limits/own", new { kind = "rate", permits = 100, scope = "perKey" });
        await service.PutAsync("/v1/queues/free", new { target = new { kind = "simulated" }, maxConcurrency = 256, capacity = 100_000_000 });
        await service.PutAsync("/v1/queues/bound", new { target = new { kind = "simulated" }, maxConcurrency = 256, capacity = 100_000_000, limits = Limits });

        var ratios = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var free = await DrainAsync(service, "free", round, hasLock: false);
            var bound = await DrainAsync(service, "bound", round, hasLock: true);
            ratios.Add(bound / free);
            await Console.Error.WriteLineAsync($"  round {round}: {bound:n0} of {free:n0} jobs/s");
        }

        var ratio = Sample.Median(ratios);
        return new Row($"drain of {Jobs:n0} keys with a rate, a rate of their own and a lock ÷ without", $"**{ratio:0.00}**", $"{Wanted}", ratio >= Wanted);
    }

    private static async Task<double> DrainAsync(BenchService service, string queue, int round, bool hasLock)
    {
        await service.ActAsync($"/v1/queues/{queue}/pause");
        await Parallel.ForAsync(0, Jobs, new ParallelOptions { MaxDegreeOfParallelism = BenchService.ManyConnections }, async (number, cancel) =>
        {
            object job = hasLock
                ? new { queue, key = $"key {number}", payload = number, @lock = $"lock {round} {number}" }
                : new { queue, key = $"key {number}", payload = number };
            using var response = await service.Process.Client.PostAsJsonAsync("/v1/jobs", job, cancel);
            response.EnsureSuccessStatusCode();
        });
        var started = Stopwatch.GetTimestamp();
        await service.ActAsync($"/v1/queues/{queue}/resume");
        await Drained.WaitAsync(service, queue);
        return Jobs / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
