namespace JobService.Bench.Rows;

/// <summary>Keys with a job now and then beside one with a hundred thousand: how long theirs wait for their start.</summary>
internal static class QuietRow
{
    private const int Permits = 100;
    private const int Backlog = 100_000;
    private const int Keys = 9;
    private const int JobsOfEach = 30;

    private static readonly TimeSpan Horizon = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Wanted = Horizon + ((Keys + 1) * TimeSpan.FromSeconds(1.0 / Permits));
    private static readonly string[] Limits = ["bench"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync("/v1/limits/bench", new { kind = "rate", permits = Permits });
        await service.PutAsync("/v1/queues/bench", new { target = new { kind = "simulated" }, limits = Limits });
        await service.SubmitWhilePausedAsync("bench", Backlog, "busy");
        await service.ActAsync("/v1/queues/bench/resume");

        var chance = new Random(1);
        var pauses = Enumerable.Range(0, Keys).Select(_ => Enumerable.Range(0, JobsOfEach).Select(_ => TimeSpan.FromMilliseconds(chance.Next(50, 750))).ToList()).ToList();
        var waits = await Task.WhenAll(pauses.Select(async (ofKey, key) =>
        {
            var own = new List<TimeSpan>();
            foreach (var pause in ofKey)
            {
                await Task.Delay(pause, TimeProvider.System);
                var id = (await service.PostAsync("/v1/jobs", new { queue = "bench", key = $"quiet {key}", payload = key })).GetProperty("id").GetString();
                var job = await service.GetAsync($"/v1/jobs/{id}?wait=60");
                own.Add(job.GetProperty("startedAt").GetDateTimeOffset() - job.GetProperty("createdAt").GetDateTimeOffset());
            }

            return own;
        }));

        var sample = new Sample();
        foreach (var wait in waits.SelectMany(own => own))
            sample.Add(wait);
        var p95 = sample.Percentile(0.95);
        return new Row(
            $"wait of {Keys} quiet keys beside one with {Backlog:n0} jobs, at {Permits}/s",
            $"**p95 {p95.TotalMilliseconds:0} ms** (p50 {sample.Percentile(0.5).TotalMilliseconds:0}, slowest {sample.Max.TotalMilliseconds:0} ms)",
            $"p95 ≤ {Wanted.TotalMilliseconds:0} ms (horizon + {Keys + 1} slots)",
            p95 <= Wanted);
    }
}
