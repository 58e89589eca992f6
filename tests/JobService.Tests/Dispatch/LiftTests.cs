using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using JobService.Api;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobService.Tests.Dispatch;

/// <summary>An API has told the service to wait for an hour, and somebody who knows better lifts it: everywhere at once.</summary>
public sealed class LiftTests : IAsyncDisposable
{
    private const string Rate = """{"kind": "rate", "permits": 1000}""";
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(10);

    private readonly LogLines<ChangeLog> log = new();
    private readonly ConcurrentQueue<string?> reasons = new();
    private readonly ServiceFixture service;

    public LiftTests() => service = ServiceFixture.With(
        new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" }, services => services.AddSingleton<ILogger<ChangeLog>>(log));

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory]
    [InlineData("shared", "lift")]
    [InlineData("perKey", "lift")]
    [InlineData("perKey", "lift key")]
    [InlineData("shared", "other kind")]
    [InlineData("shared", "other scope")]
    [InlineData("perKey", "other scope")]
    [InlineData("shared", "anew")]
    [InlineData("none", "lift")]
    [InlineData("none", "lift key")]
    public async Task What_an_API_has_told_is_lifted_and_no_job_goes_in_circles(string scope, string way)
    {
        await using var api = new RawTcpApi(request => request.Number == 1 ? WireReplies.Respond(429, "{}", "Retry-After: 3600") : WireReplies.Respond());
        await service.PutAsync("/v1/limits/l", $$"""{"kind": "rate", "permits": 1000, "scope": "{{(scope == "perKey" ? scope : "shared")}}"}""");
        await PutQueueAsync(api, scope == "none" ? "" : "\"l\"");
        using var posted = await service.SubmitAsync("""{"queue": "api", "key": "k", "payload": 1}""");
        var job = JsonDocument.Parse(await posted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("id").GetString();
        await UntilPausedAsync(scope == "none" ? "/v1/queues/api?key=k" : "/v1/limits/l?key=k");
        using var watch = await service.Store.WatchAsync((_, events) =>
        {
            foreach (var happened in events)
                reasons.Enqueue(happened.ToString());
        });

        await LiftAsync(api, scope, way);

        using var response = await service.SendAsync(HttpMethod.Get, $"/v1/jobs/{job}?wait=10");
        var ended = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(("succeeded", 2, 2), (ended.GetProperty("state").GetString(), ended.GetProperty("attempt").GetInt32(), api.Requests.Count));
        // A busy machine misses a slot now and then; what goes in circles comes back hundreds of times a second.
        Assert.InRange(reasons.Count(reason => reason!.Contains("unstarted", StringComparison.Ordinal)), 0, 20);
    }

    [Theory]
    [InlineData("/v1/limits/l/learned", "Limit l: learned state cleared (by 127.0.0.1)")]
    [InlineData("/v1/limits/l/learned?key=k", "Limit l: learned state cleared for key \"k\" (by 127.0.0.1)")]
    public async Task It_is_one_line_in_the_log_and_shown_no_more_and_what_changes_nothing_says_nothing(string path, string line)
    {
        await using var api = new RawTcpApi(WireReplies.Respond(429, "{}", "Retry-After: 3600"));
        await service.PutAsync("/v1/limits/l", Rate);
        await PutQueueAsync(api, "\"l\"");
        using var posted = await service.SubmitAsync("""{"queue": "api", "key": "k", "payload": 1}""");
        await UntilPausedAsync("/v1/limits/l");
        using var pause = await service.SendAsync(HttpMethod.Post, "/v1/queues/api/pause");
        var before = log.Texts.Count();

        foreach (var _ in (int[])[1, 2])
        {
            using var lift = await service.SendAsync(HttpMethod.Delete, path);
            Assert.Equal(HttpStatusCode.NoContent, lift.StatusCode);
        }

        Assert.Equal([line], log.Texts.Skip(before));
        Assert.Null((await service.Store.LimitAsync("l", key: null))!.PausedUntil);
    }

    [Fact]
    public async Task A_queue_that_is_deleted_and_made_anew_has_learned_nothing()
    {
        await using var api = new RawTcpApi(WireReplies.Respond(429, "{}", "Retry-After: 3600"));
        await PutQueueAsync(api, "");
        using var posted = await service.SubmitAsync("""{"queue": "api", "payload": 1}""");
        await UntilPausedAsync("/v1/queues/api");
        using var purge = await service.SendAsync(HttpMethod.Post, "/v1/queues/api/purge");
        using var delete = await service.SendAsync(HttpMethod.Delete, "/v1/queues/api");
        Assert.Equal(HttpStatusCode.NoContent, delete.StatusCode);

        await PutQueueAsync(api, "");

        Assert.Null(await service.Store.LearnedAsync("api", key: null));
    }

    [Theory]
    [InlineData("/v1/limits/nobody/learned", 404)]
    [InlineData("/v1/queues/nobody/learned", 404)]
    [InlineData("/v1/limits/default/learned?key=%00", 400)]
    [InlineData("/v1/queues/default/learned?keys=a", 400)]
    [InlineData("/v1/queues/default/learned", 204)]
    [InlineData("/v1/limits/default/learned?key=never-seen", 204)]
    public async Task Bad_requests_say_so(string path, int status)
    {
        using var response = await service.SendAsync(HttpMethod.Delete, path);

        Assert.Equal(status, (int)response.StatusCode);
    }

    private Task PutQueueAsync(RawTcpApi api, string limits) =>
        service.PutAsync("/v1/queues/api", $$"""{"target": {"kind": "http", "baseAddress": "{{api.Address}}"}, "limits": [{{limits}}]}""");

    private async Task LiftAsync(RawTcpApi api, string scope, string way)
    {
        switch (way)
        {
            case "other kind":
                await service.PutAsync("/v1/limits/l", """{"kind": "window", "permits": 1000}""");
                return;
            case "other scope":
                await service.PutAsync("/v1/limits/l", $$"""{"kind": "rate", "permits": 1000, "scope": "{{(scope == "perKey" ? "shared" : "perKey")}}"}""");
                return;
            case "anew":
                // Paused meanwhile: without its limit the job would start at once.
                using (await service.SendAsync(HttpMethod.Post, "/v1/queues/api/pause"))
                    await PutQueueAsync(api, "");
                using (await service.SendAsync(HttpMethod.Delete, "/v1/limits/l"))
                    await service.PutAsync("/v1/limits/l", Rate);
                await PutQueueAsync(api, "\"l\"");
                using (await service.SendAsync(HttpMethod.Post, "/v1/queues/api/resume"))
                    return;
            default:
                var path = (scope == "none" ? "/v1/queues/api/learned" : "/v1/limits/l/learned") + (way == "lift key" ? "?key=k" : "");
                using (var response = await service.SendAsync(HttpMethod.Delete, path))
                    Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
                return;
        }
    }

    /// <summary>The refusal is told to the store when the attempt is back: one look behind each change of the job.</summary>
    private async Task UntilPausedAsync(string path)
    {
        using var changed = new SemaphoreSlim(0);
        using var watch = await service.Store.WatchAsync((_, _) => changed.Release());
        while (true)
        {
            using var response = await service.SendAsync(HttpMethod.Get, path);
            var view = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
            if (view.TryGetProperty("learned", out var learned) && learned.ValueKind == JsonValueKind.Object && learned.TryGetProperty("pausedUntil", out _))
                return;
            Assert.True(await changed.WaitAsync(Hang, TestContext.Current.CancellationToken), "Nothing was learned.");
        }
    }
}
