using System.Globalization;
using System.Text.Json;
using JobService.Tests.Api.Batches;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>A browser's own EventSource follows over a connection that is cut again and again, at any byte.</summary>
[Collection(JudgesAlone.Name)]
public sealed class EventSourceTests(BatchService service) : IClassFixture<BatchService>
{
    private const int Jobs = 150;
    private const int Attempts = 50;

    /// <summary>Some 20 results: a batch is cut five times at least.</summary>
    private const int MaxBytesOfResults = 5_000;

    /// <summary>Some three changes of a job.</summary>
    private const int MaxBytesOfChanges = 700;

    /// <summary>More than a service needs that goes on where it was cut; one that begins anew gets to its end at last, and is seen to have said things twice.</summary>
    private const int MaxCuts = 100;

    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    private readonly int seed = Environment.TickCount;

    [Theory]
    [InlineData("completion", 1)]
    [InlineData("input", 0)]
    public async Task Chromium_gets_every_result_once(string order, int firstId)
    {
        await service.Service.PutAsync("/v1/limits/steady", """{"kind":"rate","permits":150,"burst":5}""");
        await service.Service.PutAsync("/v1/queues/steady", """{"target":{"kind":"simulated"},"limits":["steady"]}""");
        await ActAsync("/v1/queues/steady/pause");
        using var upload = await service.UploadAsync("/v1/batches?queue=steady", string.Concat(Enumerable.Range(0, Jobs).Select(i => $"{{\"payload\":{i}}}\n")));

        var seen = await FollowAsync($"{upload.Headers.Location}/results?order={order}", "steady", MaxBytesOfResults);

        Assert.True(seen[^1].Data.IsSummary(), $"seed {seed}: {seen[^1]}");
        Assert.Equal($"{Jobs}", seen[^1].Data.GetProperty("summary").Text("succeeded"));
        Assert.Equal(Enumerable.Range(firstId, Jobs), seen[..^1].Select(result => int.Parse(result.Id, CultureInfo.InvariantCulture)));
        Assert.Equal(Enumerable.Range(0, Jobs), seen[..^1].Select(result => result.Data.Index()).Order());
    }

    [Fact]
    public async Task Chromium_sees_the_end_of_a_job_once_and_asks_no_more()
    {
        await service.Service.PutAsync("/v1/queues/failing",
            $$$"""{"target":{"kind":"simulated","failureRate":1},"retry":{"maxAttempts":{{{Attempts}}},"baseSeconds":0.05,"maxSeconds":0.05}}""");
        await ActAsync("/v1/queues/failing/pause");
        using var job = await service.Service.SubmitAsync("""{"queue":"failing","payload":1}""");

        var seen = await FollowAsync($"{job.Headers.Location}/events", "failing", MaxBytesOfChanges);

        Assert.Equal($"failed-{Attempts}", seen[^1].Id);
        Assert.Single(seen, change => change.Data.Text("state") == "failed");
        var attempts = seen.Select(change => change.Data.GetProperty("attempt").GetInt32()).ToArray();
        Assert.Equal(attempts.Order(), attempts);
    }

    /// <summary>Opens a page that follows until it has seen a summary, or until the browser itself asks no more.</summary>
    /// <param name="path">What it follows.</param>
    /// <param name="queue">Is paused, and goes when the page is there.</param>
    /// <param name="maxBytes">A connection is cut before it has carried so many bytes of events.</param>
    /// <returns>The events that the page has seen.</returns>
    private async Task<(string Id, JsonElement Data)[]> FollowAsync(string path, string queue, int maxBytes)
    {
        var random = new Random(seed);
        var connections = 0;
        await using var proxy = new CuttingProxy(service.Address, Page(path), () => ++connections <= MaxCuts ? random.Next(maxBytes) : int.MaxValue);
        await using var browser = await Chromium.StartAsync();
        var page = await browser.OpenAsync();
        await page.GotoAsync(proxy.Address);
        await ActAsync($"/v1/queues/{queue}/resume");
        var followed = await page.EvaluateAsync<JsonElement>("followed").WaitAsync(HangGuard, TestContext.Current.CancellationToken);

        Assert.True(proxy.CutCount > 2, $"seed {seed}: {proxy.CutCount} cuts");
        return [.. followed.EnumerateArray().Select(seen => (seen.Text("id"), seen.Text("data").Json()))];
    }

    private async Task ActAsync(string path)
    {
        using var response = await service.Service.SendAsync(HttpMethod.Post, path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private static string Page(string path) => $$"""
        <!doctype html><title>followed</title><script>
        const seen = [];
        const events = new EventSource('{{path}}');
        const followed = new Promise(found => {
          events.onmessage = event => {
            seen.push({ id: event.lastEventId, data: event.data });
            if (JSON.parse(event.data).summary) { events.close(); found(seen); }
          };
          events.onerror = () => { if (events.readyState === EventSource.CLOSED) found(seen); };
        });
        </script>
        """;
}
