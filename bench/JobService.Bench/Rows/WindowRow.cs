namespace JobService.Bench.Rows;

/// <summary>Never more than so many in any window, at an API that stamps arrivals, and hardly less.</summary>
internal static class WindowRow
{
    private const int Permits = 1_000;
    private const int Jobs = 50_000;
    private const double Wanted = 0.99;

    private static readonly string[] Limits = ["bench"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        using var api = new StampingApi();
        await service.PutAsync("/v1/limits/bench", new { kind = "window", permits = Permits, periodSeconds = 1 });
        await service.PutAsync("/v1/queues/bench", new { target = new { kind = "http", baseAddress = api.BaseAddress }, limits = Limits });
        await service.RunThroughAsync("bench", Jobs);

        // Each call and the one that comes so many after it: less than a period between them, and the window that begins with the first holds one too many.
        var arrivals = api.Stop();
        var periods = arrivals.Zip(arrivals.Skip(Permits), (one, next) => (next - one).TotalSeconds).ToList();
        var over = periods.Count(period => period < 1);
        var used = 1 / periods.Average();
        await Console.Error.WriteLineAsync($"  the shortest {periods.Min() * 1000:0.000} ms, the mean {periods.Average() * 1000:0.000} ms");
        return new Row(
            $"`window` of {Permits:n0} a second, {Jobs:n0} calls, arrivals stamped",
            $"**{over} windows over, {used:0.000} used**",
            $"0 over, ≥ {Wanted} used",
            arrivals.Count == Jobs && over == 0 && used >= Wanted);
    }
}
