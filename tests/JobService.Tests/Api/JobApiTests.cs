using System.Net;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>One job, seen from outside.</summary>
public abstract class JobApiContract(ServiceFixture service)
{
    private const string Slow = """{"target":{"kind":"simulated","latencySeconds":{"min":60,"max":60}},"timeoutSeconds":90}""";

    [Fact]
    public async Task A_job_is_accepted_with_its_place_and_its_links()
    {
        await service.PutAsync("/v1/queues/accepted", Slow);
        using var response = await service.SubmitAsync("""{"queue":"accepted","payload":{"a":1},"key":"k","priority":3,"tags":{"t":"v"},"maxAttempts":7}""");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var job = await response.JsonAsync();
        var self = "/v1/jobs/" + job.GetProperty("id").GetString();
        Assert.Equal(self, response.Headers.Location?.ToString());
        Assert.Equal(self, job.GetProperty("links").GetProperty("self").GetString());
        Assert.Equal(self + "/cancel", job.GetProperty("links").GetProperty("cancel").GetString());
        Assert.Equal("/v1/queues/accepted", job.GetProperty("links").GetProperty("queue").GetString());
        Assert.Equal(("k", 3, 1, 7, "v"), (job.GetProperty("key").GetString(), job.GetProperty("priority").GetInt32(), job.GetProperty("weight").GetInt32(),
            job.GetProperty("maxAttempts").GetInt32(), job.GetProperty("tags").GetProperty("t").GetString()));
        Assert.EndsWith("Z", job.GetProperty("createdAt").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(job.EnumerateObject(), field => field.Value.ValueKind == JsonValueKind.Null);
    }

    [Fact]
    public async Task Prefer_wait_brings_the_finished_job()
    {
        using var response = await service.SubmitAsync("""{"payload":{"text":"zwölf"}}""", ("Prefer", "respond-async, wait=99"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("wait=45", Assert.Single(response.Headers.GetValues("Preference-Applied")));
        var job = await response.JsonAsync();
        Assert.Equal("succeeded", job.GetProperty("state").GetString());
        Assert.Equal("zwölf", job.GetProperty("result").GetProperty("echo").GetProperty("text").GetString());
        Assert.Equal(200, job.GetProperty("response").GetProperty("status").GetInt32());
        Assert.Equal(1, Assert.Single(job.GetProperty("attempts").EnumerateArray()).GetProperty("number").GetInt32());
    }

    [Fact]
    public async Task Prefer_wait_answers_202_when_the_time_is_over()
    {
        await service.PutAsync("/v1/queues/patient", Slow);
        using var response = await service.SubmitAsync("""{"queue":"patient","payload":1}""", ("Prefer", "wait=0"));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("wait=0", Assert.Single(response.Headers.GetValues("Preference-Applied")));
    }

    [Fact]
    public async Task When_the_time_is_over_the_answer_is_the_job_as_it_is_then()
    {
        await service.PutAsync("/v1/queues/patient", Slow);
        using var submitted = await service.SubmitAsync("""{"queue":"patient","payload":1}""", ("Prefer", "wait=3"));
        Assert.Equal("running", (await submitted.JsonAsync()).GetProperty("state").GetString());

        await service.Store.PauseAsync("patient", paused: true);
        using var waiting = await service.SubmitAsync("""{"queue":"patient","payload":2}""");
        var look = service.SendAsync(HttpMethod.Get, $"{waiting.Headers.Location}?wait=3");
        await service.Store.PauseAsync("patient", paused: false);
        using var seen = await look;
        Assert.Equal("running", (await seen.JsonAsync()).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_finished_job_has_a_strong_tag_and_is_not_sent_twice()
    {
        var self = await FinishedAsync();
        using var first = await service.SendAsync(HttpMethod.Get, self);
        var tag = first.Headers.ETag!;
        using var second = await service.SendAsync(HttpMethod.Get, self, null, ("If-None-Match", tag.ToString()));
        using var third = await service.SendAsync(HttpMethod.Get, self, null, ("If-None-Match", "\"other\""));

        Assert.False(tag.IsWeak);
        Assert.Null(first.Headers.RetryAfter);
        Assert.Equal((HttpStatusCode.NotModified, HttpStatusCode.OK), (second.StatusCode, third.StatusCode));
    }

    [Fact]
    public async Task The_result_comes_as_it_is_and_no_browser_runs_it()
    {
        using var response = await service.SendAsync(HttpMethod.Get, await FinishedAsync("""{"payload":{"n":1.50}}""") + "/result");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("sandbox", Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
        Assert.Contains("1.50", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unfinished_job_has_no_result_can_be_cancelled_and_retried()
    {
        await service.PutAsync("/v1/queues/stops", Slow);
        using var submitted = await service.SubmitAsync("""{"queue":"stops","payload":1}""");
        var self = submitted.Headers.Location!.ToString();

        using var job = await service.SendAsync(HttpMethod.Get, self);
        Assert.NotNull(job.Headers.RetryAfter?.Delta);
        await ExpectAsync(HttpMethod.Get, self + "/result", HttpStatusCode.Conflict, "/problems/no-result");
        await ExpectAsync(HttpMethod.Post, self + "/retry", HttpStatusCode.Conflict, "/problems/job-not-retryable");

        using var cancelled = await service.SendAsync(HttpMethod.Post, self + "/cancel");
        Assert.True(cancelled.IsSuccessStatusCode); // 202 when a busy machine takes more than 200 ms to stop it
        using var ended = await service.SendAsync(HttpMethod.Get, self + "?wait=20");
        Assert.Equal("request", (await ended.JsonAsync()).GetProperty("cancelReason").GetString());
        using var again = await service.SendAsync(HttpMethod.Post, self + "/cancel");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);

        await ExpectAsync(HttpMethod.Get, self + "/result", HttpStatusCode.Conflict, "/problems/no-result", "The job was cancelled and has no result. GET the job for its cancelReason, or retry it.");

        using var retried = await service.SendAsync(HttpMethod.Post, self + "/retry");
        Assert.Equal(HttpStatusCode.Accepted, retried.StatusCode);
    }

    [Fact]
    public async Task A_succeeded_job_can_neither_be_cancelled_nor_retried()
    {
        var self = await FinishedAsync();

        await ExpectAsync(HttpMethod.Post, self + "/cancel", HttpStatusCode.Conflict, "/problems/job-finished", "The job succeeded before it could be cancelled.");
        await ExpectAsync(HttpMethod.Post, self + "/retry", HttpStatusCode.Conflict, "/problems/job-not-retryable", "The job has already succeeded; only failed and cancelled jobs can be retried.");
    }

    [Fact]
    public async Task A_failed_job_has_no_result()
    {
        await service.PutAsync("/v1/queues/fails", """{"target": {"kind": "simulated", "failureRate": 1}, "retry": {"maxAttempts": 1}}""");
        using var failed = await service.SubmitAsync("""{"queue":"fails","payload":1}""", ("Prefer", "wait=10"));
        var self = (await failed.JsonAsync()).GetProperty("links").GetProperty("self").GetString();

        await ExpectAsync(HttpMethod.Get, self + "/result", HttpStatusCode.Conflict, "/problems/no-result", "The job failed and has no result. GET the job for its error, or retry it.");
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "?wait=20")]
    [InlineData("GET", "/result")]
    [InlineData("POST", "/cancel")]
    [InlineData("POST", "/retry")]
    public async Task Unknown_and_malformed_ids_are_404_at_once(string method, string rest)
    {
        await ExpectAsync(new HttpMethod(method), "/v1/jobs/01a20539-d57e-7000-9a29-9c66eee1a4f3" + rest, HttpStatusCode.NotFound, "/problems/not-found");
        await ExpectAsync(new HttpMethod(method), "/v1/jobs/nonsense" + rest, HttpStatusCode.NotFound, "/problems/not-found");
    }

    [Fact]
    public async Task The_same_key_and_body_is_the_same_job()
    {
        using var first = await service.SubmitAsync("""{"payload":"same"}""", ("Idempotency-Key", "replay-1"));
        using var second = await service.SubmitAsync("""{"payload":"same"}""", ("Idempotency-Key", "\"replay-1\""));
        using var waited = await service.SubmitAsync("""{"payload":"same"}""", ("Idempotency-Key", "replay-1"), ("Prefer", "wait=10"));
        using var other = await service.SubmitAsync("""{"payload":"other"}""", ("Idempotency-Key", "replay-1"));

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted, HttpStatusCode.OK), (first.StatusCode, second.StatusCode, waited.StatusCode));
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotency-Replayed")));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Equal("/problems/idempotency-mismatch", (await ProblemJson.ReadAsync(other)).Type);
    }

    [Fact]
    public async Task A_start_that_is_already_too_late_cancels_the_job()
    {
        using var response = await service.SubmitAsync("""{"payload":1,"startBefore":"2020-01-01T00:00:00Z"}""", ("Prefer", "wait=10"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("deadline", (await response.JsonAsync()).GetProperty("cancelReason").GetString());
    }

    private async Task<string> FinishedAsync(string body = """{"payload":1}""")
    {
        using var response = await service.SubmitAsync(body, ("Prefer", "wait=10"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.Location!.ToString();
    }

    private async Task ExpectAsync(HttpMethod method, string path, HttpStatusCode status, string type, string? detail = null)
    {
        using var response = await service.SendAsync(method, path);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(type, (await ProblemJson.ReadAsync(response)).Type);
        if (detail is not null)
            Assert.Equal(detail, (await response.JsonAsync()).GetProperty("detail").GetString());
    }
}

public sealed class JobApiTests(ServiceFixture service) : JobApiContract(service), IClassFixture<ServiceFixture>;

public sealed class PostgresJobApiTests(PostgresFixture service) : JobApiContract(service), IClassFixture<PostgresFixture>;
