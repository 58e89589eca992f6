using System.Net;
using JobService.Tests.Support;

namespace JobService.Bench.Rows;

/// <summary>Three limits at the same time, each with an nginx of its own as the judge.</summary>
internal static class NginxRow
{
    private const int Jobs = 5_000;
    private const int WarmUpJobs = 2_000;
    private const int Burst = 5;
    private const double Wanted = 0.99;

    private static readonly int[] Rates = [50, 100, 500];
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(20);

    /// <summary>The limit alone decides.</summary>
    public static Task<Row> MeasureAsync() => MeasureAsync("", maxConcurrency: 16, backend: null, ofConcurrency: double.MaxValue);

    /// <summary>Calls take their time, and only a few of them run at once. Beside it stands what so many clients reach that do nothing but call.</summary>
    public static async Task<Row> MeasureNarrowAsync()
    {
        const int AtOnce = 4;
        using var backend = new StampingApi(Latency);
        double ofConcurrency;
        await using (var nginx = await NginxLimiter.StartAsync(new NginxRate(Rates[^1], Burst), backend.BaseAddress))
        {
            var address = IPEndPoint.Parse(new Uri(nginx.BaseAddress).Authority);
            ofConcurrency = await PacedClients.MeasureAsync(address, BenchService.Submission("none"), AtOnce, Rates[^1], TimeSpan.FromSeconds(10));
            var unpaced = LoadGenerator.Run(address, BenchService.Submission("none"), AtOnce, TimeSpan.FromSeconds(10)).Expecting(200).PerSecond;
            await Console.Error.WriteLineAsync($"  {AtOnce} clients that keep no pace: {unpaced:0.0}/s");
        }

        await Console.Error.WriteLineAsync($"  {AtOnce} clients that do nothing but call, at the pace of the limit: {ofConcurrency:0.0}/s");
        return await MeasureAsync($", `maxConcurrency` {AtOnce}, calls of {Latency.TotalMilliseconds:0} ms", AtOnce, backend.BaseAddress, ofConcurrency);
    }

    private static async Task<Row> MeasureAsync(string with, int maxConcurrency, string? backend, double ofConcurrency)
    {
        await using var service = await BenchService.StartAsync();
        await FillAsync(service, "warm-up", Rates[^1], WarmUpJobs);
        var cold = await JudgeAsync("warm-up", Rates[^1]);
        await Console.Error.WriteLineAsync($"  {Rates[^1]}/s, the first {WarmUpJobs:n0} of a cold process: {cold}");
        foreach (var rate in Rates)
            await FillAsync(service, $"bench-{rate}", rate, Jobs);

        var judged = await Task.WhenAll(Rates.Select(async rate =>
        {
            var report = await JudgeAsync($"bench-{rate}", rate);
            await Console.Error.WriteLineAsync($"  {rate}/s: {report}");
            return (Report: report, Used: report.Utilisation * rate / Math.Min(rate, ofConcurrency));
        }));

        foreach (var rate in Rates)
            await Console.Error.WriteLineAsync($"  {rate}/s: {await BusyAsync(service, $"bench-{rate}", maxConcurrency):0.000} of the time of {maxConcurrency} permits in use");

        return new Row(
            $"nginx {string.Join(", ", Rates)} r/s burst {Burst} at the same time, our burst 1, {Jobs:n0} jobs each{with}",
            $"**{string.Join(", ", judged.Select(one => one.Report.Refused))} refused, {string.Join(", ", judged.Select(one => $"{one.Used:0.000}"))} used**",
            $"0 refused, ≥ {Wanted} used",
            Array.TrueForAll(judged, one => one is { Report: { Refused: 0, Other: 0, Requests: Jobs, Duplicates: 0 }, Used: >= Wanted }));

        async Task<NginxReport> JudgeAsync(string queue, int rate)
        {
            await using var nginx = await NginxLimiter.StartAsync(new NginxRate(rate, Burst), backend);
            string[] limits = [queue];
            await service.PutAsync($"/v1/queues/{queue}", new { target = new { kind = "http", baseAddress = nginx.BaseAddress }, limits, maxConcurrency });
            await service.LetGoAsync(queue);
            return await nginx.StopAndReportAsync();
        }
    }

    /// <summary>The time of all calls ÷ the time that the queue's permits would have had for them.</summary>
    private static async Task<double> BusyAsync(BenchService service, string queue, int maxConcurrency)
    {
        var calls = (await service.ListAsync($"queue={queue}"))
            .ConvertAll(job => (Start: job.GetProperty("startedAt").GetDateTimeOffset(), End: job.GetProperty("finishedAt").GetDateTimeOffset()));
        var whole = calls.Max(call => call.End) - calls.Min(call => call.Start);
        return calls.Sum(call => (call.End - call.Start).TotalSeconds) / (maxConcurrency * whole.TotalSeconds);
    }

    private static async Task FillAsync(BenchService service, string queue, int rate, int jobs)
    {
        await service.PutAsync($"/v1/limits/{queue}", new { kind = "rate", permits = rate });
        await service.PutAsync($"/v1/queues/{queue}", new { target = new { kind = "simulated" } });
        await service.SubmitWhilePausedAsync(queue, jobs);
    }
}
