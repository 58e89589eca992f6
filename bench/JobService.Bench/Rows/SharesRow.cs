namespace JobService.Bench.Rows;

/// <summary>Ten equal keys and one of a larger share, all with more than can go: how evenly the limit is shared.</summary>
internal static class SharesRow
{
    private const int Permits = 200;
    private const int EqualKeys = 10;
    private const int JobsOfEach = 1_200;
    private const double Share = 4;
    private const string Gold = "gold";

    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(12);
    private static readonly string[] Limits = ["bench"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync("/v1/limits/bench", new { kind = "rate", permits = Permits });
        await service.PutAsync(
            "/v1/queues/bench", new { target = new { kind = "simulated" }, limits = Limits, keyShares = new Dictionary<string, double> { [Gold] = Share } });
        foreach (var key in Enumerable.Range(0, EqualKeys).Select(key => $"{key}").Append(Gold))
            await service.SubmitWhilePausedAsync("bench", JobsOfEach, key);
        await service.ActAsync("/v1/queues/bench/resume");
        await Task.Delay(Watched, TimeProvider.System);
        await service.ActAsync("/v1/queues/bench/pause");

        var made = (await service.ListAsync("queue=bench&state=succeeded")).CountBy(job => job.GetProperty("key").GetString()!).ToDictionary();
        made.Remove(Gold, out var gold);
        var counts = made.Values.Select(count => (double)count).ToList();
        // Jain, Chiu and Hawe 1984: 1 when all get the same, 1 ÷ n when one gets everything.
        var jain = Math.Pow(counts.Sum(), 2) / (EqualKeys * counts.Sum(count => count * count));
        var share = gold / counts.Average();
        return new Row(
            $"{EqualKeys} equal keys and one of share {Share}, {Watched.TotalSeconds} s at {Permits}/s",
            $"**Jain index {jain:0.0000}, share {share:0.00}** ({gold + counts.Sum():n0} calls)",
            "≥ 0.95, within 5 %",
            jain >= 0.95 && Math.Abs((share / Share) - 1) <= 0.05);
    }
}
