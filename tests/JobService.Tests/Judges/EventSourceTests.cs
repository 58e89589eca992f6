using JobService.Tests.Api.Batches;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>A browser's own EventSource follows a batch over a connection that is cut again and again.</summary>
[Collection(JudgesAlone.Name)]
public sealed class EventSourceTests(BatchService service) : IClassFixture<BatchService>
{
    private const int Jobs = 150;

    /// <summary>More than the head and an event need: each connection gets on.</summary>
    private const int MinBytes = 700;

    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("completion")]
    [InlineData("input")]
    public async Task Chromium_gets_every_result_once(string order)
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await service.Service.PutAsync("/v1/limits/steady", """{"kind":"rate","permits":150}""");
        await service.Service.PutAsync("/v1/queues/steady", """{"target":{"kind":"simulated"},"limits":["steady"]}""");
        using var upload = await service.UploadAsync("/v1/batches?queue=steady", string.Concat(Enumerable.Range(0, Jobs).Select(i => $"{{\"payload\":{i}}}\n")));
        await using var proxy = new CuttingProxy(service.Address, Page(upload.Headers.Location!.ToString(), order), () => random.Next(MinBytes, 10 * MinBytes));

        await using var browser = await Chromium.StartAsync();
        await (await browser.OpenAsync()).GotoAsync(proxy.Address);
        var found = (await proxy.Done.WaitAsync(HangGuard, TestContext.Current.CancellationToken)).Json();

        var seen = found.GetProperty("seen").EnumerateArray().Select(pair => (Id: pair[0].GetInt32(), Index: pair[1].GetInt32())).ToArray();
        Assert.True(proxy.CutCount > 2, $"seed {seed}: {proxy.CutCount} cuts");
        Assert.Equal(Jobs.ToString(System.Globalization.CultureInfo.InvariantCulture), found.GetProperty("summary").Text("succeeded"));
        Assert.Equal(Enumerable.Range(order == "input" ? 0 : 1, Jobs), seen.Select(result => result.Id));
        Assert.Equal(Enumerable.Range(0, Jobs), seen.Select(result => result.Index).Order());
    }

    private static string Page(string batch, string order) => $$"""
        <!doctype html><title>results</title><script>
        const seen = [];
        const results = new EventSource('{{batch}}/results?order={{order}}');
        results.onmessage = event => {
          const line = JSON.parse(event.data);
          if (!line.summary) { seen.push([Number(event.lastEventId), line.index]); return; }
          results.close();
          fetch('/done', { method: 'POST', body: JSON.stringify({ seen, summary: line.summary }) });
        };
        </script>
        """;
}
