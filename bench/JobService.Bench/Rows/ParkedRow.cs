using System.Net.Http.Json;

namespace JobService.Bench.Rows;

/// <summary>What jobs cost that no limit allows: the processor time of the service while a hundred thousand wait and nothing is due.</summary>
internal static class ParkedRow
{
    private const int Jobs = 100_000;
    private const double Wanted = 0.01;

    private static readonly string[] Limits = ["seldom"];
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(20);

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync("/v1/limits/seldom", new { kind = "rate", permits = 1, periodSeconds = 2_592_000, scope = "perKey" });
        await service.PutAsync("/v1/queues/parked", new { target = new { kind = "simulated" }, limits = Limits, capacity = 100_000_000 });
        await Parallel.ForAsync(0, Jobs, new ParallelOptions { MaxDegreeOfParallelism = BenchService.ManyConnections }, async (number, cancel) =>
        {
            using var response = await service.Process.Client.PostAsJsonAsync("/v1/jobs", new { queue = "parked", key = $"{number % 1_000}", payload = number }, cancel);
            response.EnsureSuccessStatusCode();
        });
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System); // what has just run is written and forgotten
        var before = service.Process.CpuTime;
        await Task.Delay(Watched, TimeProvider.System);
        var used = (service.Process.CpuTime - before) / Watched;
        return new Row($"cores used while {Jobs:n0} jobs are parked", $"**{used:0.0000}**", $"{Wanted}", used <= Wanted);
    }
}
