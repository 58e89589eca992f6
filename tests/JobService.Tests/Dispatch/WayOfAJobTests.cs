using System.Diagnostics;
using System.Net;
using System.Text.Json;
using JobService.Events;
using JobService.Jobs;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Dispatch;

/// <summary>From the front door to the result, through a real socket on both sides.</summary>
public abstract class WayOfAJobContract(ServiceFixture service) : IAsyncDisposable
{
    protected static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["JobService:Upstream:AllowPrivateNetworks"] = "true",
        ["JobService:Intake:MaxWaitSeconds"] = "0.2",
    };

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return service.DisposeAsync();
    }

    /// <remarks>A machine that does other things may be late once; a service that is late is so in every round.</remarks>
    [Fact]
    public async Task A_running_call_is_aborted_within_200_ms_of_its_cancel()
    {
        const int rounds = 5;
        var fastest = TimeSpan.MaxValue;
        for (var round = 0; round < rounds && fastest > TimeSpan.FromMilliseconds(200); round++)
        {
            await using var api = new RawTcpApi(WireReplies.Silence());
            await PutQueueAsync(api);
            var id = await SubmitAsync();
            await api.FirstRequest;

            var clock = Stopwatch.StartNew();
            using var response = await service.SendAsync(HttpMethod.Post, $"/v1/jobs/{id}/cancel");
            await api.ClientGone;
            var elapsed = clock.Elapsed;

            Assert.True(response.IsSuccessStatusCode);
            var job = await EndOfAsync(id);
            Assert.Equal(("cancelled", "request", 1), (job.GetProperty("state").GetString(), job.GetProperty("cancelReason").GetString(), job.GetProperty("attempt").GetInt32()));
            fastest = elapsed < fastest ? elapsed : fastest;
        }

        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task Processing_is_stopped_by_a_cancel_too()
    {
        await using var api = new RawTcpApi(WireReplies.Respond());
        await PutQueueAsync(api, """, "process": {"kind": "simulated", "cpuSeconds": 600}""");
        var id = await SubmitAsync();
        await api.FirstRequest;

        using var response = await service.SendAsync(HttpMethod.Post, $"/v1/jobs/{id}/cancel");

        Assert.Equal("cancelled", (await EndOfAsync(id)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_a_failure()
    {
        await using var api = new RawTcpApi(WireReplies.Silence());
        await PutQueueAsync(api);
        var id = await SubmitAsync("""{"queue": "api", "payload": 1, "timeoutSeconds": 0.1, "maxAttempts": 1}""");

        var job = await EndOfAsync(id);

        Assert.Equal(("failed", ErrorTypes.Timeout), (job.GetProperty("state").GetString(), TypeOf(job)));
        await api.ClientGone;
    }

    [Fact]
    public async Task Processing_beyond_the_timeout_is_a_failure_too()
    {
        await using var api = new RawTcpApi(WireReplies.Respond());
        await PutQueueAsync(api, """, "process": {"kind": "simulated", "cpuSeconds": 600}""");
        var id = await SubmitAsync("""{"queue": "api", "payload": 1, "timeoutSeconds": 0.2, "maxAttempts": 1}""");

        Assert.Equal(ErrorTypes.Timeout, TypeOf(await EndOfAsync(id)));
    }

    [Fact]
    public async Task A_failure_is_tried_again_and_every_attempt_is_told()
    {
        await using var api = new RawTcpApi(request => request.Number == 1 ? WireReplies.Respond(500, "broken") : WireReplies.Respond(body: """{"ok":true}"""));
        await PutQueueAsync(api, """, "retry": {"baseSeconds": 0, "maxSeconds": 0}""");
        var id = await SubmitAsync();

        var job = await EndOfAsync(id);

        Assert.Equal(("succeeded", 2, 1), (job.GetProperty("state").GetString(), job.GetProperty("attempt").GetInt32(), job.GetProperty("failures").GetInt32()));
        Assert.Equal(["failed", "succeeded"], job.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("outcome").GetString()));
        Assert.Equal(["1", "2"], api.Requests.Select(request => request.Header("X-Job-Attempt").Single()));
        Assert.All(api.Requests, request => Assert.Equal($"\"{id}\"", request.Header("Idempotency-Key").Single()));
    }

    [Theory]
    [InlineData(404, 1)]
    [InlineData(301, 1)]
    [InlineData(408, 2)]
    [InlineData(503, 2)]
    public async Task Only_what_may_pass_is_tried_again(int status, int requests)
    {
        await using var api = new RawTcpApi(WireReplies.Respond(status, "no"));
        await PutQueueAsync(api, """, "retry": {"maxAttempts": 2, "baseSeconds": 0, "maxSeconds": 0}""");

        var job = await EndOfAsync(await SubmitAsync());

        Assert.Equal(("failed", ErrorTypes.Upstream), (job.GetProperty("state").GetString(), TypeOf(job)));
        Assert.Equal((status, "no"), (job.GetProperty("error").GetProperty("status").GetInt32(), job.GetProperty("error").GetProperty("detail").GetString()));
        Assert.Equal(requests, api.Requests.Count);
    }

    [Fact]
    public async Task What_the_address_guard_stops_is_no_attempt()
    {
        await using var guarded = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "false" });
        await guarded.PutAsync("/v1/queues/inside", """{"target": {"kind": "http", "baseAddress": "http://127.0.0.1:9"}}""");

        using var response = await guarded.SubmitAsync("""{"queue": "inside", "payload": 1}""", ("Prefer", "wait=10"));
        var job = await JsonOf(response);

        Assert.Equal(("failed", ErrorTypes.Blocked, 0), (job.GetProperty("state").GetString(), TypeOf(job), job.GetProperty("attempt").GetInt32()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(""", "limits": ["paced"]""")]
    public async Task A_call_without_a_connection_is_a_failure_and_no_attempt_whether_it_is_paced_or_not(string limits)
    {
        await service.PutAsync("/v1/limits/paced", """{"kind": "rate", "permits": 1000}""");
        await service.PutAsync("/v1/queues/gone", $$$"""
            {"target": {"kind": "http", "baseAddress": "http://127.0.0.1:{{{FreePort.Next()}}}"}, "retry": {"maxAttempts": 2, "baseSeconds": 0, "maxSeconds": 0}{{{limits}}}}
            """);

        var job = await EndOfAsync(await SubmitAsync("""{"queue": "gone", "payload": 1}"""));

        Assert.Equal(("failed", ErrorTypes.Transport), (job.GetProperty("state").GetString(), TypeOf(job)));
        Assert.Equal((0, 2), (job.GetProperty("attempt").GetInt32(), job.GetProperty("failures").GetInt32()));
        Assert.False(job.TryGetProperty("startedAt", out _));
        Assert.Empty(job.GetProperty("attempts").EnumerateArray());
    }

    [Fact]
    public async Task The_permit_goes_back_before_the_processing_begins()
    {
        await using var api = new RawTcpApi(WireReplies.Respond());
        await PutQueueAsync(api, """, "maxConcurrency": 1, "process": {"kind": "simulated", "cpuSeconds": 600}""");
        var first = await SubmitAsync();
        await api.FirstRequest;
        await PutQueueAsync(api, """, "maxConcurrency": 1""");

        var second = await EndOfAsync(await SubmitAsync());

        Assert.Equal("succeeded", second.GetProperty("state").GetString());
        Assert.Equal("running", (await GetAsync(first)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_full_queue_refuses_with_a_time_to_come_back_and_lets_a_waiting_client_in_when_a_job_ends()
    {
        await service.PutAsync("/v1/queues/small", """{"capacity": 1}""");
        using var paused = await service.SendAsync(HttpMethod.Post, "/v1/queues/small/pause");
        var first = await SubmitAsync("""{"queue": "small", "payload": 1}""");

        using var refused = await service.SubmitAsync("""{"queue": "small", "payload": 2}""");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));

        await using var patient = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Intake:MaxWaitSeconds"] = "10" });
        await patient.PutAsync("/v1/queues/small", """{"capacity": 1}""");
        using var held = await patient.SendAsync(HttpMethod.Post, "/v1/queues/small/pause");
        using var one = await patient.SubmitAsync("""{"queue": "small", "payload": 1}""");
        var waiting = patient.SubmitAsync("""{"queue": "small", "payload": 2}""");
        using var purged = await patient.SendAsync(HttpMethod.Post, "/v1/queues/small/purge");
        using var letIn = await waiting;
        Assert.Equal(HttpStatusCode.Accepted, letIn.StatusCode);
        Assert.Equal("queued", (await GetAsync(first)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_queue_that_is_widened_while_it_works_uses_its_new_width_at_once()
    {
        var two = new CountdownEvent(2);
        await using var api = new RawTcpApi(_ =>
        {
            two.Signal();
            return WireReplies.Silence();
        });
        await PutQueueAsync(api, """, "maxConcurrency": 1""");
        await SubmitAsync();
        await SubmitAsync();
        await api.FirstRequest;

        await PutQueueAsync(api, """, "maxConcurrency": 2""");

        Assert.True(await Task.Run(() => two.Wait(Patience.Hang)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(""", "limits": ["fast"]""")]
    public async Task However_fast_calls_follow_one_another_no_more_of_them_run_at_once_than_may(string limits)
    {
        const int AtOnce = 3;
        // Of much the same length, so that permits are promised before they are back.
        await service.PutAsync("/v1/limits/fast", """{"kind": "rate", "permits": 1000}""");
        await service.PutAsync("/v1/queues/even", $$"""{"maxConcurrency": {{AtOnce}}, "target": {"kind": "simulated", "latencySeconds": {"min": 0.02, "max": 0.02} }{{limits}}}""");
        var ids = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => SubmitAsync("""{"queue": "even", "payload": 1}""")));

        var jobs = await Task.WhenAll(ids.Select(EndOfAsync));

        Assert.All(jobs, job => Assert.Equal(("succeeded", 1), (job.GetProperty("state").GetString(), job.GetProperty("attempt").GetInt32())));
        // Ends before starts of the same moment: the one is why the other may go.
        var steps = jobs.SelectMany(job => new[] { (At: job.GetProperty("startedAt").GetDateTimeOffset(), Step: 1), (At: job.GetProperty("finishedAt").GetDateTimeOffset(), Step: -1) }).Order();
        var running = 0;
        Assert.All(steps, step => Assert.InRange(running += step.Step, 0, AtOnce));
    }

    [Fact]
    public async Task An_api_that_becomes_slow_costs_the_jobs_that_were_claimed_ahead_nothing()
    {
        const int AtOnce = 3;
        await PutEvenQueueAsync(0.02);
        var ids = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => SubmitAsync("""{"queue": "even", "payload": 1}""")));
        await EndOfAsync(ids.Order(StringComparer.Ordinal).ElementAt(60));

        await PutEvenQueueAsync(0.2);
        var jobs = await Task.WhenAll(ids.Select(EndOfAsync));

        Assert.All(jobs, job => Assert.Equal(("succeeded", 1, 0), (job.GetProperty("state").GetString(), job.GetProperty("attempt").GetInt32(), job.GetProperty("failures").GetInt32())));

        Task PutEvenQueueAsync(double seconds) => service.PutAsync(
            "/v1/queues/even", $$"""{"maxConcurrency": {{AtOnce}}, "target": {"kind": "simulated", "latencySeconds": {"min": {{seconds}}, "max": {{seconds}} } } }""");
    }

    [Fact]
    public async Task The_end_of_a_job_is_the_end_of_its_processing()
    {
        await service.PutAsync("/v1/queues/heavy", """{"process": {"kind": "simulated", "cpuSeconds": 0.05}}""");

        var job = await EndOfAsync(await SubmitAsync("""{"queue": "heavy", "payload": 1}"""));

        Assert.True(job.GetProperty("finishedAt").GetDateTimeOffset() - job.GetProperty("startedAt").GetDateTimeOffset() >= TimeSpan.FromSeconds(0.05));
    }

    private Task PutQueueAsync(RawTcpApi api, string more = "") =>
        service.PutAsync("/v1/queues/api", $$"""{"target": {"kind": "http", "baseAddress": "{{api.Address}}"}{{more}}}""");

    private async Task<string> SubmitAsync(string job = """{"queue": "api", "payload": {"n": 1}}""")
    {
        using var response = await service.SubmitAsync(job);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return (await JsonOf(response)).GetProperty("id").GetString()!;
    }

    private async Task<JsonElement> EndOfAsync(string id)
    {
        Assert.True(JobId.TryParse(id, out var job));
        using var wait = service.Services.GetRequiredService<JobEventHub>().WhenEnded(job);
        var now = await GetAsync(id);
        if (now.GetProperty("state").GetString() is "succeeded" or "failed" or "cancelled")
            return now;
        await wait.Ended.WaitAsync(Patience.Hang);
        return await GetAsync(id);
    }

    private async Task<JsonElement> GetAsync(string id)
    {
        using var response = await service.SendAsync(HttpMethod.Get, $"/v1/jobs/{id}");
        return await JsonOf(response);
    }

    private static string? TypeOf(JsonElement job) => job.GetProperty("error").GetProperty("type").GetString()?.Split('/')[^1];

    private static async Task<JsonElement> JsonOf(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
}

public sealed class WayOfAJobTests() : WayOfAJobContract(ServiceFixture.With(Settings));

public sealed class PostgresWayOfAJobTests() : WayOfAJobContract(ServiceFixture.With(PostgresFixture.Settings(Settings)));
