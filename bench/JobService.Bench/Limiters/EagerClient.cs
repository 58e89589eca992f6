using JobService.Tests.Support;

namespace JobService.Bench.Limiters;

/// <summary>A client that always wants more than it gets: how much a limiter really lets through.</summary>
internal static class EagerClient
{
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);

    /// <returns>Calls a second.</returns>
    public static async Task<double> MeasureAsync(LimiterRig rig)
    {
        await using var limiter = await RunningLimiter.StartAsync(rig);
        using var ticks = new PeriodicTimer(Gap, TimeProvider.System);
        for (var call = 0; call < Duration / Gap; call++)
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Job-Id", $"{call}" } } };
            using (await limiter.Client.SendAsync(message)) { }
            await ticks.WaitForNextTickAsync();
        }

        return (await limiter.StopAndReportAsync()).PerSecond;
    }
}
