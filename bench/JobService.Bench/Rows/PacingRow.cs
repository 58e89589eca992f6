using System.Diagnostics;
using JobService.Tests.Support;

namespace JobService.Bench.Rows;

/// <summary>nginx is the judge: it refuses what comes too early, and its log shows what was left unused.</summary>
internal static class PacingRow
{
    private const int RatePerSecond = 500;
    private const int Jobs = 5_000;

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync("/v1/limits/bench", new { kind = "rate", permits = RatePerSecond, periodSeconds = 1, burst = 1 });
        await PaceAsync(service, "warm-up");
        var (report, cores) = await PaceAsync(service, "bench");

        return new Row(
            $"pacing at {RatePerSecond}/s against nginx {RatePerSecond} r/s burst 5, {Jobs:n0} jobs",
            $"**{report.Refused} refused, {report.Utilisation:0.000} used, {cores:0.00} core** ({report.Requests:n0} requests, {report.Duplicates} twice)",
            "0 refused, ≥ 0.99 used, ≤ 0.4 core",
            report is { Refused: 0, Other: 0, Requests: Jobs, Duplicates: 0, Utilisation: >= 0.99 } && cores <= 0.4);
    }

    private static async Task<(NginxReport Report, double Cores)> PaceAsync(BenchService service, string queue)
    {
        await using var nginx = await NginxLimiter.StartAsync(new NginxRate(RatePerSecond, Burst: 5));
        string[] limits = ["bench"];
        await service.PutAsync($"/v1/queues/{queue}", new { target = new { kind = "http", baseAddress = nginx.BaseAddress }, limits });
        await service.SubmitWhilePausedAsync(queue, Jobs);

        var (started, cpuBefore) = (Stopwatch.GetTimestamp(), service.Process.CpuTime);
        await service.ActAsync($"/v1/queues/{queue}/resume");
        await Drained.WaitAsync(service, queue);
        var cores = (service.Process.CpuTime - cpuBefore) / Stopwatch.GetElapsedTime(started);
        var report = await nginx.StopAndReportAsync();
        await Console.Error.WriteLineAsync($"  {queue}: {cores:0.00} core, {report}");
        return (report, cores);
    }
}
