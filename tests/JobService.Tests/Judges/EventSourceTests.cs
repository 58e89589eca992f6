using System.Diagnostics;
using JobService.Tests.Api.Batches;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>A browser's own EventSource follows a batch over a connection that is cut again and again.</summary>
[Collection(JudgesAlone.Name)]
public sealed class EventSourceTests(BatchService service) : IClassFixture<BatchService>, IDisposable
{
    private const int Jobs = 300;

    /// <summary>More than the head and an event need: each connection gets on.</summary>
    private const int MinBytes = 700;

    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo profile = Directory.CreateTempSubdirectory("jobservice-browser-");

    public void Dispose() => profile.Delete(recursive: true);

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

        using var browser = Start(proxy.Address);
        var found = (await proxy.Done.WaitAsync(HangGuard, TestContext.Current.CancellationToken)).Json();
        browser.Kill(entireProcessTree: true);
        await browser.WaitForExitAsync(TestContext.Current.CancellationToken);

        var seen = found.GetProperty("seen").EnumerateArray().Select(pair => (Id: pair[0].GetInt32(), Index: pair[1].GetInt32())).ToArray();
        Assert.True(proxy.CutCount > 3, $"{proxy.CutCount} cuts");
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

    private Process Start(string address)
    {
        var start = new ProcessStartInfo("chromium")
        {
            ArgumentList =
            {
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                "--user-data-dir=" + profile.FullName, address,
            },
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var browser = Process.Start(start)!;
        // What it says is of no interest, but somebody has to take it.
        browser.ErrorDataReceived += (_, _) => { };
        browser.OutputDataReceived += (_, _) => { };
        browser.BeginErrorReadLine();
        browser.BeginOutputReadLine();
        return browser;
    }
}
