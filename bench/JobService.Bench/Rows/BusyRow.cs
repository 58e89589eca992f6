using System.Net;
using JobService.Tests.Support;

namespace JobService.Bench.Rows;

/// <summary>A machine that has more to do than cores: what the limit is used beside busy loops, and what clients reach there that do nothing but call.</summary>
internal static class BusyRow
{
    private const int Loops = 4;
    private const int Clients = 4;
    private const int Burst = 5;
    private const int Rounds = 3;
    private const double MostRefused = 0.001;

    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);
    private static readonly (int Rate, double Wanted)[] Limits = [(50, 0.95), (500, 0.90)];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        using var loops = new BusyLoops(Loops);
        var measured = new List<string>();
        var reached = true;
        foreach (var (rate, wanted) in Limits)
        {
            await service.PutAsync($"/v1/limits/bench-{rate}", new { kind = "rate", permits = rate });
            var (ratios, requests, refused) = (new List<double>(), 0, 0);
            for (var round = 0; round < Rounds; round++)
            {
                var bare = await BareAsync(rate);
                var report = await ServiceAsync(service, $"bench-{rate}", round, rate);
                ratios.Add(report.Utilisation * rate / bare);
                (requests, refused) = (requests + report.Requests, refused + report.Refused);
                await Console.Error.WriteLineAsync($"  {rate}/s: clients that do nothing but call {bare:0.0}/s; {report}");
            }

            var (used, share) = (Sample.Median(ratios), (double)refused / requests);
            measured.Add($"{used:0.00} used ({string.Join(", ", ratios.Select(ratio => $"{ratio:0.00}"))}), {share:0.00 %} refused");
            reached &= used >= wanted && share <= MostRefused;
        }

        return new Row(
            $"nginx {string.Join(" and ", Limits.Select(limit => limit.Rate))} r/s burst {Burst}, our burst 1, beside {Loops} busy loops: used ÷ what {Clients} bare clients at that pace use, median of {Rounds}",
            $"**{string.Join("; ", measured)}**",
            $"≥ {string.Join(", ", Limits.Select(limit => $"{limit.Wanted:0.00}"))} used, ≤ {MostRefused:0.0 %} refused",
            reached);
    }

    private static async Task<double> BareAsync(int rate)
    {
        await using var nginx = await NginxLimiter.StartAsync(new NginxRate(rate, Burst));
        var address = IPEndPoint.Parse(new Uri(nginx.BaseAddress).Authority);
        return await PacedClients.MeasureAsync(address, BenchService.Submission("none"), Clients, rate, Lasting);
    }

    private static async Task<NginxReport> ServiceAsync(BenchService service, string limit, int round, int rate)
    {
        await using var nginx = await NginxLimiter.StartAsync(new NginxRate(rate, Burst));
        var queue = $"{limit}-{round}";
        string[] limits = [limit];
        await service.PutAsync($"/v1/queues/{queue}", new { target = new { kind = "http", baseAddress = nginx.BaseAddress }, limits });
        await service.RunThroughAsync(queue, rate * (int)Lasting.TotalSeconds);
        return await nginx.StopAndReportAsync();
    }
}
