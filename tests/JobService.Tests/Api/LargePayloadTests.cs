using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>Payloads and requests that a claim leaves in the store are sent like those that it reads.</summary>
public sealed class LargePayloadTests : IAsyncDisposable
{
    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string>
    {
        ["JobService:Upstream:AllowPrivateNetworks"] = "true",
        ["JobService:Upstream:MaxHeldBytes"] = "1048576",
    });

    private readonly RawTcpApi api = new(WireReplies.Answer());

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        await api.DisposeAsync();
    }

    [Theory]
    [InlineData("", 16_000)]
    [InlineData("", 900_000)]
    [InlineData(""", "request": {"path": "/items", "query": {"q": "1"}, "headers": {"x-own": "o"}}""", 900_000)]
    public async Task Each_is_sent_whole_though_they_do_not_fit_at_once(string request, int length)
    {
        await service.PutAsync("/v1/limits/paced", """{"kind": "rate", "permits": 500, "periodSeconds": 1, "burst": 1}""");
        await service.PutAsync("/v1/queues/api", $$$"""{"target": {"kind": "http", "baseAddress": "{{{api.Address}}}"}, "maxConcurrency": 8}""");
        await service.PutAsync("/v1/queues/paced", $$$"""{"target": {"kind": "http", "baseAddress": "{{{api.Address}}}"}, "maxConcurrency": 8, "limits": ["paced"]}""");
        var payload = new string('x', length);

        var jobs = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            using var submitted = await service.SubmitAsync($$"""{"queue": "{{(i % 2 == 0 ? "api" : "paced")}}", "payload": "{{i}}{{payload}}"{{request}}}""", ("Prefer", "wait=30"));
            using var job = JsonDocument.Parse(await submitted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            return (State: job.RootElement.GetProperty("state").GetString(), Attempt: job.RootElement.GetProperty("attempt").GetInt32());
        }));

        Assert.All(jobs, job => Assert.Equal(("succeeded", 1), job));
        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"\"{i}{payload}\""), api.Requests.Select(sent => sent.Text).Order(StringComparer.Ordinal));
        Assert.All(api.Requests, sent => Assert.Equal(request.Length > 0 ? "o" : "", string.Concat(sent.Header("x-own"))));
    }
}
