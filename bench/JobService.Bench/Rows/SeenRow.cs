using System.Globalization;
using System.Text.Json;

namespace JobService.Bench.Rows;

/// <summary>From the end of a job, which its commit follows, until a waiting stream has it in hand.</summary>
internal static class SeenRow
{
    private const int Jobs = 1_000;

    private static readonly string[] Limits = ["slow"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync("/v1/limits/slow", new { kind = "rate", permits = 200 });
        await service.PutAsync("/v1/queues/slow", new { target = new { kind = "simulated" }, limits = Limits });
        await MeasureAsync(service); // warms up
        var seen = await MeasureAsync(service);
        var (p50, p99) = (seen.Percentile(0.5).TotalMilliseconds, seen.Percentile(0.99).TotalMilliseconds);
        return new Row("end of a job to seen by a waiting stream, its commit between", $"**p50 {p50:0.00} ms, p99 {p99:0.00} ms**", "p50 ≤ 2 ms, p99 ≤ 20 ms", p50 <= 2 && p99 <= 20);
    }

    private static async Task<Sample> MeasureAsync(BenchService service)
    {
        var batch = await service.PostAsync("/v1/batches", new { queue = "slow", jobs = Enumerable.Range(0, Jobs).Select(number => new { payload = number }) });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/batches/{batch.GetProperty("id").GetString()}/results");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await service.Process.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());
        var seenAt = new Dictionary<string, DateTimeOffset>();
        while (await events.ReadLineAsync() is { } line)
        {
            var now = TimeProvider.System.GetUtcNow();
            if (line.StartsWith("data: {\"index\"", StringComparison.Ordinal))
                seenAt.Add(JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("id").GetString()!, now);
        }

        var sample = new Sample();
        for (var next = $"/v1/jobs?batch={batch.GetProperty("id").GetString()}&limit=500"; next is not null;)
        {
            var page = await service.GetAsync(next);
            foreach (var job in page.GetProperty("items").EnumerateArray())
                sample.Add(seenAt[job.GetProperty("id").GetString()!] - DateTimeOffset.Parse(job.GetProperty("finishedAt").GetString()!, CultureInfo.InvariantCulture));
            next = page.TryGetProperty("nextCursor", out var cursor) ? $"/v1/jobs?batch={batch.GetProperty("id").GetString()}&limit=500&cursor={cursor.GetString()}" : null;
        }

        return sample;
    }
}
