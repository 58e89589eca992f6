using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Dispatch;

/// <summary>What an API says about the calls to come, seen from the API: through the whole service, on real sockets.</summary>
public sealed class NotBeforeTests : IAsyncDisposable
{
    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" });

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory]
    [InlineData(1, "shared", 429, "Retry-After: 1")]
    [InlineData(0.3, "perKey", 429, "Retry-After: 0.3")]
    [InlineData(0.3, null, 429, "Retry-After: 0.3")]
    [InlineData(0.3, "shared", 503, "Retry-After: 0.3")]
    [InlineData(1, "shared", 429)]
    [InlineData(1, null, 429)]
    [InlineData(0.3, "shared", 429, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 0.3")]
    [InlineData(0.3, "shared", 200, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 0.3")]
    [InlineData(0.3, null, 200, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 0.3")]
    [InlineData(1, "shared", 200, """RateLimit: "p";r=0;t=1""")]
    [InlineData(0.3, "shared", 404, "x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 300ms")]
    public async Task Nothing_is_sent_before_the_time_it_names_and_no_failure_is_counted(double seconds, string? scope, int status, params string[] headers)
    {
        var times = new ConcurrentQueue<long>();
        await using var api = new RawTcpApi(request =>
        {
            times.Enqueue(Stopwatch.GetTimestamp());
            return request.Number == 1 ? WireReplies.Respond(status, "{}", headers) : WireReplies.Respond();
        });
        await service.PutAsync("/v1/limits/fast", $$"""{"kind": "rate", "permits": 1000, "scope": "{{scope ?? "shared"}}"}""");
        await PutQueueAsync(api, scope is null ? """, "maxConcurrency": 1""" : """, "maxConcurrency": 1, "limits": ["fast"]""");

        var jobs = await RunAsync(3);

        Assert.All(jobs, job => Assert.Equal(0, job.GetProperty("failures").GetInt32()));
        Assert.Equal(status == 200 ? 3 : 4, api.Requests.Count);
        Assert.True(Stopwatch.GetElapsedTime(times.ElementAt(0), times.ElementAt(1)) >= TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public async Task The_store_knows_of_it_before_the_job_is_back()
    {
        // The end of an attempt that overtook its feedback would leave nothing to learn for: what it took would not be known any more.
        await using var api = new RawTcpApi(WireReplies.Respond(200, "{}", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 3600"));
        await service.PutAsync("/v1/limits/fast", """{"kind": "rate", "permits": 1000}""");
        await PutQueueAsync(api, """, "limits": ["fast"]""");

        await RunAsync(1);

        Assert.True((await service.Store.LimitAsync("fast", key: null))!.RemainingUntil > service.Store.Now + TimeSpan.FromMinutes(59));
    }

    [Theory]
    [InlineData(3600, 1)]
    [InlineData(0.6, 2)]
    public async Task A_job_whose_wait_outlasts_the_patience_of_its_queue_fails_as_soon_as_that_is_sure(double seconds, int attempts)
    {
        await using var api = new RawTcpApi(WireReplies.Respond(429, "not now", FormattableString.Invariant($"Retry-After: {seconds}")));
        await PutQueueAsync(api, """, "retry": {"giveUpAfterSeconds": 1}""");

        var job = Assert.Single(await RunAsync(1));

        Assert.Equal(("failed", attempts), (job.GetProperty("state").GetString(), job.GetProperty("attempt").GetInt32()));
        Assert.EndsWith(ErrorTypes.Throttled, job.GetProperty("error").GetProperty("type").GetString(), StringComparison.Ordinal);
    }

    private Task PutQueueAsync(RawTcpApi api, string more) =>
        service.PutAsync("/v1/queues/api", $$"""{"target": {"kind": "http", "baseAddress": "{{api.Address}}"}{{more}}}""");

    private async Task<JsonElement[]> RunAsync(int jobs)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, jobs).Select(_ => service.SubmitAsync("""{"queue": "api", "payload": 1}""", ("Prefer", "wait=10"))));
        return await Task.WhenAll(answers.Select(async response =>
        {
            using (response)
                return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        }));
    }
}
