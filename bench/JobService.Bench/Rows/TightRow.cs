using JobService.Tests.Support;

namespace JobService.Bench.Rows;

/// <summary>An API that bears no call too early at all: between two of them lie 10 ms, by its own clock.</summary>
internal static class TightRow
{
    private const int Jobs = 2_000;
    private const int Rounds = 5;
    private const double Wanted = 0.001;

    private static readonly string[] Limits = ["bench"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync("/v1/limits/bench", new { kind = "rate", permits = 85 });
        var refused = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            await using var nginx = await NginxLimiter.StartAsync(new NginxRate(100, Burst: 0));
            var queue = $"bench-{round}";
            await service.PutAsync($"/v1/queues/{queue}", new { target = new { kind = "http", baseAddress = nginx.BaseAddress }, limits = Limits });
            await service.RunThroughAsync(queue, Jobs);
            refused.Add((await nginx.StopAndReportAsync()).Refused);
        }

        var share = Sample.Median(refused) / Jobs;
        return new Row(
            $"nginx 100 r/s burst 0, our limit 85/s, {Jobs:n0} jobs, median of {Rounds}", $"**{share:0.00 %} refused** ({string.Join(", ", refused)})", $"≤ {Wanted:0.0 %}", share <= Wanted);
    }
}
