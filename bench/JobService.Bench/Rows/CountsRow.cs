using System.Net.Http.Json;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Bench.Rows;

/// <summary>Limits that count calls, tokens and width on one queue, judged by an API that counts all three; and what three units cost beside one.</summary>
internal static class CountsRow
{
    private const int Jobs = 2_000;
    private const double WantedUse = 0.97;
    private const int Backlog = 30_000;
    private const double WantedDrain = 0.8;

    // 500 calls and a million tokens a minute, with a minute of four seconds.
    private static readonly CountedLimits limits = new(Calls: 500, Tokens: 1_000_000, Period: TimeSpan.FromSeconds(4), AtOnce: 4);
    private static readonly TimeSpan latency = TimeSpan.FromMilliseconds(10);
    private static readonly string[] allThree = ["calls", "tokens", "width"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        using var api = new CountingApi(latency);
        var periodSeconds = limits.Period.TotalSeconds;
        await service.PutAsync("/v1/limits/calls", new { kind = "window", permits = limits.Calls, periodSeconds, counts = "calls" });
        await service.PutAsync("/v1/limits/tokens", new { kind = "window", permits = limits.Tokens, periodSeconds, counts = "tokens", weightFrom = "usage.tokens" });
        await service.PutAsync("/v1/limits/width", new { kind = "concurrency", permits = limits.AtOnce, counts = "calls" });
        await service.PutAsync("/v1/queues/model", new { target = new { kind = "http", baseAddress = api.BaseAddress }, limits = allThree });

        // First calls bind, then tokens.
        var random = new Random(7);
        var jobs = Enumerable.Range(0, Jobs).Select(n => n < Jobs / 2 ? random.Next(50, 1_000) : random.Next(50, 8_001)).Select(tokens => new { weights = new { tokens }, payload = new { tokens } });
        await service.PostAsync("/v1/batches", new { queue = "model", jobs });
        await Drained.WaitAsync(service, "model");

        var counted = api.Stop();
        var (over, used) = (counted.Over(limits), counted.Used(limits, latency));
        foreach (var length in counted.TooShort(limits))
            await Console.Error.WriteLineAsync($"  a window too full in {length.TotalMilliseconds:0.000} ms");
        return new Row(
            $"{limits.Calls} calls and {limits.Tokens:n0} tokens in {periodSeconds} s, {limits.AtOnce} at once: {Jobs:n0} jobs of 50 to 8,000 tokens, at an API that counts all three",
            $"**{over} over, {used:0.000} of the binding limit used** ({counted.MostAtOnce} at once at most)",
            $"0 over, ≥ {WantedUse}",
            counted.Calls.Count == Jobs && over == 0 && used >= WantedUse);
    }

    /// <summary>The same jobs, drained through three limits that count three units and through one of them.</summary>
    public static async Task<Row> MeasureDrainAsync()
    {
        await using var service = await BenchService.StartAsync();
        foreach (var (name, counts) in ((string, string)[])[("calls", "calls"), ("in", "in"), ("out", "out")])
            await service.PutAsync($"/v1/limits/{name}", new { kind = "window", permits = 1_000_000, periodSeconds = 0.001, counts });
        foreach (var (queue, names) in ((string, string[])[])[("three", ["calls", "in", "out"]), ("one", ["calls"])])
            await service.PutAsync($"/v1/queues/{queue}", new { target = new { kind = "simulated" }, limits = names, maxConcurrency = 4_096, capacity = 1_000_000 });

        var versus = await Versus.RunAsync(() => DrainAsync(service, "three"), () => DrainAsync(service, "one"));
        return new Row("drain through three limits that count three units ÷ through one", versus.ToString(), $"{WantedDrain}", versus.Ratio >= WantedDrain);
    }

    private static async Task<double> DrainAsync(BenchService service, string queue) =>
        (await Drained.MeasureAsync(service, queue, Backlog, BenchService.Submission(queue, fields: "\"weights\":{\"in\":30,\"out\":10},"))).PerSecond;
}
