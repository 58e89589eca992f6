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

    private readonly RawTcpApi api = new(WireReplies.Respond());

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

    /// <summary>One fills the budget, one goes beyond it: there is no room for a third.</summary>
    [Fact]
    public async Task A_job_for_which_there_is_no_room_leaves_its_slot_to_others_and_starts_when_there_is_some()
    {
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var silent = new RawTcpApi(request =>
        {
            if (request.Number == 2)
                both.SetResult();
            return WireReplies.Silence();
        });
        await service.PutAsync("/v1/queues/full", $$$"""{"target": {"kind": "http", "baseAddress": "{{{silent.Address}}}"}}""");
        await service.PutAsync("/v1/limits/three", """{"kind": "window", "permits": 3, "periodSeconds": 3600}""");
        await service.PutAsync("/v1/queues/three", $$$"""{"target": {"kind": "http", "baseAddress": "{{{api.Address}}}"}, "limits": ["three"], "maxConcurrency": 3}""");
        var payload = new string('x', 900_000);
        string[] full = [await IdAsync("full", payload), await IdAsync("full", payload)];
        await both.Task.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);

        using var hang = new CancellationTokenSource(Patience.Hang);
        string[] waiting = [await IdAsync("three", payload), await IdAsync("three", payload)];
        foreach (var id in waiting)
        {
            while ((await JobAsync(id)).GetProperty("state").GetString() != "running")
                hang.Token.ThrowIfCancellationRequested();
        }

        foreach (var small in (string[])["small", "small"])
            Assert.Equal("succeeded", (await JobAsync(await IdAsync("three", small), wait: 10)).GetProperty("state").GetString());
        await CancelAsync(waiting[0]);
        Assert.Equal(("cancelled", 0), await JobAsync(waiting[0], wait: 10) is var cancelled ? (cancelled.GetProperty("state").GetString(), cancelled.GetProperty("attempt").GetInt32()) : default);
        Assert.Equal(2, api.Requests.Count);

        await CancelAsync(full[0]);
        await CancelAsync(full[1]);
        Assert.Equal(("succeeded", 1), await JobAsync(waiting[1], wait: 10) is var job ? (job.GetProperty("state").GetString(), job.GetProperty("attempt").GetInt32()) : default);
    }

    private async Task<string> IdAsync(string queue, string payload)
    {
        using var submitted = await service.SubmitAsync($$"""{"queue": "{{queue}}", "payload": "{{payload}}"}""");
        return (await submitted.JsonAsync()).GetProperty("id").GetString()!;
    }

    private async Task<JsonElement> JobAsync(string id, int wait = 0)
    {
        using var response = await service.SendAsync(HttpMethod.Get, $"/v1/jobs/{id}?wait={wait}");
        return await response.JsonAsync();
    }

    private async Task CancelAsync(string id)
    {
        using var response = await service.SendAsync(HttpMethod.Post, $"/v1/jobs/{id}/cancel");
        Assert.True(response.IsSuccessStatusCode);
    }
}
