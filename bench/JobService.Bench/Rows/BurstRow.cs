using JobService.Tests.Support;

namespace JobService.Bench.Rows;

/// <summary>A burst of B is B calls at once: of a process that has just begun and a queue that has never called, and again when the limit has rested.</summary>
internal static class BurstRow
{
    private const int Burst = 30;

    private static readonly TimeSpan Wanted = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(3);
    private static readonly string[] Limits = ["bench"];

    public static async Task<Row> MeasureAsync()
    {
        var measured = new List<string>();
        var reached = true;
        foreach (var tls in (bool[])[false, true])
        {
            await using var api = new StampedApi(tls);
            var spans = await MeasureAsync(api);
            measured.Add($"{(tls ? "TLS" : "TCP")} {string.Join(", ", spans.Select(span => span is { } whole ? $"{whole.TotalMilliseconds:0} ms" : "calls missing"))}");
            reached &= spans.TrueForAll(span => span <= Wanted);
        }

        return new Row(
            $"first to last of {Burst} calls of a burst of {Burst}, cold and after a rest of {Rest.TotalSeconds:0} s", $"**{string.Join("; ", measured)}**", $"all within {Wanted.TotalMilliseconds:0} ms", reached);
    }

    private static async Task<List<TimeSpan?>> MeasureAsync(StampedApi api)
    {
        var trusted = Path.GetTempFileName();
        await File.WriteAllTextAsync(trusted, api.CertificatePem);
        await using var service = await BenchService.StartAsync(settings: api.CertificatePem is null ? null : new Dictionary<string, string> { ["SSL_CERT_FILE"] = trusted });
        // A burst is back after as many seconds as the rest takes.
        await service.PutAsync("/v1/limits/bench", new { kind = "rate", permits = Burst, periodSeconds = Rest.TotalSeconds, burst = Burst });
        await service.PutAsync("/v1/queues/bench", new { target = new { kind = "http", baseAddress = api.Address }, limits = Limits, maxConcurrency = Burst });
        var spans = new List<TimeSpan?>();
        for (var round = 1; round <= 2; round++)
        {
            await service.RunThroughAsync("bench", Burst);
            var arrivals = api.Arrivals.Skip((round - 1) * Burst).ToList();
            spans.Add(arrivals.Count == Burst ? arrivals[^1] - arrivals[0] : null);
            await Task.Delay(Rest, TimeProvider.System);
        }

        File.Delete(trusted);
        return spans;
    }
}
