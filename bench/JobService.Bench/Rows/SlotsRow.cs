namespace JobService.Bench.Rows;

/// <summary>How long after its slot a call starts, when the machine has nothing else to do.</summary>
/// <remarks>
/// Slots are not shown, but while work waits they lie at least T apart, and no start lies before its own. So slot n lies no later than T before slot n + 1,
/// and what is measured is the time since the latest moment at which it can lie: short of the truth by what the most punctual of the next starts was late, some 0.05 ms.
/// </remarks>
internal static class SlotsRow
{
    private const int Permits = 100;
    private const int Jobs = 2_000;

    /// <summary>T ÷ 10 (docs/decisions/0008).</summary>
    private static readonly TimeSpan StartWindow = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan Gap = TimeSpan.FromSeconds(1.0 / Permits);
    private static readonly TimeSpan Wanted = TimeSpan.FromMilliseconds(2);
    private static readonly string[] Limits = ["bench"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync("/v1/limits/bench", new { kind = "rate", permits = Permits });
        await service.PutAsync("/v1/queues/bench", new { target = new { kind = "simulated" }, limits = Limits });
        await service.RunThroughAsync("bench", Jobs);

        var starts = (await service.ListAsync("queue=bench")).ConvertAll(job => job.GetProperty("startedAt").GetDateTimeOffset());
        var late = new Sample();
        var slot = DateTimeOffset.MaxValue;
        foreach (var start in starts.OrderDescending())
        {
            slot = start < slot - Gap ? start : slot - Gap;
            late.Add(start - slot);
        }

        var (p50, p99) = (late.Percentile(0.5).TotalMilliseconds, late.Percentile(0.99).TotalMilliseconds);
        return new Row(
            $"start after slot, {Permits}/s, {starts.Count:n0} jobs",
            $"**p50 {p50:0.00} ms, p99 {p99:0.00} ms, slowest {late.Max.TotalMilliseconds:0.00} ms**",
            $"p99 ≤ {Wanted.TotalMilliseconds} ms, none later than L = {StartWindow.TotalMilliseconds} ms",
            starts.Count == Jobs && p99 <= Wanted.TotalMilliseconds && late.Max <= StartWindow);
    }
}
