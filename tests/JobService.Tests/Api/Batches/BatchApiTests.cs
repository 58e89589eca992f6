using System.Net;
using JobService.Tests.Support;

namespace JobService.Tests.Api.Batches;

/// <summary>Batches in one JSON document.</summary>
public abstract class BatchApiContract(BatchService service)
{
    [Fact]
    public async Task A_batch_is_accepted_with_its_place_and_its_links_and_ends_with_all_results()
    {
        using var response = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches", """{"queue":"fast","jobs":[{"payload":"a"},{"payload":"b"}]}""");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var batch = await response.JsonAsync();
        var self = "/v1/batches/" + batch.Text("id");
        Assert.Equal(self, response.Headers.Location?.ToString());
        var links = batch.GetProperty("links");
        Assert.Equal((self, self + "/results", "/v1/jobs?batch=" + batch.Text("id"), self + "/cancel"),
            (links.Text("self"), links.Text("results"), links.Text("jobs"), links.Text("cancel")));
        Assert.Equal(("fast", "continue", "2"), (batch.Text("queue"), batch.Text("onFailure"), batch.Text("total")));

        var page = await service.GetAsync(self + "/results?order=input&wait=10");
        Assert.True(page.GetProperty("complete").GetBoolean());
        Assert.False(page.TryGetProperty("nextCursor", out _));
        Assert.Equal(["a", "b"], page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("result").Text("echo")));
        var over = await service.GetAsync(self);
        Assert.Equal(("succeeded", "2", "1"), (over.Text("state"), over.GetProperty("counts").Text("succeeded"), over.Text("progress")));
        Assert.True(over.TryGetProperty("finishedAt", out _));
        Assert.False(over.GetProperty("links").TryGetProperty("cancel", out _));
    }

    [Fact]
    public async Task Defaults_hold_for_every_job_that_does_not_say_it_itself()
    {
        var id = await service.SubmitAsync("""
            {"queue":"fast","defaults":{"key":"k","priority":5,"tags":{"t":"v"},"payload":{"p":[1,"}"]}},"jobs":[{},{"key":"own","priority":-1},{"payload":7,"queue":"default"}]}
            """);

        var jobs = (await service.GetAsync($"/v1/jobs?batch={id}")).GetProperty("items").EnumerateArray().Reverse().ToArray();
        Assert.Equal([("k", "5", "fast", "v"), ("own", "-1", "fast", "v"), ("k", "5", "default", "v")],
            jobs.Select(job => (job.Text("key"), job.Text("priority"), job.Text("queue"), job.GetProperty("tags").Text("t"))));
        Assert.Equal(["0", "1", "2"], jobs.Select(job => job.GetProperty("batch").Text("index")));
        var items = (await service.GetAsync($"/v1/batches/{id}/results?order=input&wait=10")).GetProperty("items").EnumerateArray();
        Assert.Equal(["""{"p":[1,"}"]}""", """{"p":[1,"}"]}""", "7"], items.Select(item => item.GetProperty("result").GetProperty("echo").GetRawText()));
    }

    [Fact]
    public async Task A_job_that_says_itself_when_it_starts_does_not_get_the_default_besides()
    {
        var id = await service.SubmitAsync("""
            {"queue":"fast","defaults":{"notBefore":"2199-01-01T00:00:00Z"},"jobs":[{"payload":1,"delaySeconds":0},{"payload":2}]}
            """);

        var items = (await service.GetAsync($"/v1/batches/{id}/results?until=first&wait=10")).GetProperty("items").EnumerateArray();

        Assert.Equal("0", Assert.Single(items).Text("index"));
    }

    [Theory]
    [InlineData("""{"jobs":[{"payload":1},{"payload":1,"weight":0}]}""", "/jobs/1/weight")]
    [InlineData("""{"jobs":[{"payload":1,"nope":1},{}]}""", "/jobs/0/nope /jobs/1/payload")]
    [InlineData("""{"jobs":[{"payload":1,"key":"a","key":"b"}]}""", "/jobs/0/key")]
    [InlineData("""{"jobs":[null]}""", "/jobs/0")]
    [InlineData("""{"jobs":[3]}""", "/jobs/0")]
    [InlineData("""{"jobs":[{"priority":"high","payload":1}]}""", "/jobs/0/priority")]
    [InlineData("""{"defaults":{"weight":0},"jobs":[{"payload":1}]}""", "/defaults/weight")]
    [InlineData("""{"defaults":{"nope":0},"jobs":[{"payload":1}]}""", "/defaults/nope")]
    [InlineData("""{"defaults":3,"jobs":[{"payload":1}]}""", "/defaults")]
    [InlineData("""{"queue":"b a d","jobs":[]}""", "/queue")]
    [InlineData("""{"onFailure":"maybe","jobs":[]}""", "/onFailure")]
    [InlineData("""{"jobs":null}""", "/jobs")]
    [InlineData("""{"jobs":[],"more":1}""", "/more")]
    public async Task What_is_wrong_is_pointed_at(string json, string pointers)
    {
        using var response = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches", json);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(("/problems/invalid-request", pointers), await ProblemJson.ReadAsync(response));
    }

    [Theory]
    [InlineData("""{"queue":"fast","jobs":[{"payload":1},{"payload":1,"queue":"nowhere"}]}""", "/problems/unknown-queue", "/jobs/1")]
    [InlineData("""{"queue":"default","jobs":[{"payload":1,"weight":2}]}""", "/problems/weight-never-fits", "/jobs/0")]
    [InlineData("""{"queue":"fast","jobs":[{"payload":1},{"request":{"method":"GET"}}]}""", "/problems/request-not-allowed", "/jobs/1")]
    public async Task What_contradicts_the_configuration_keeps_all_out(string json, string type, string pointer)
    {
        using var response = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches", json);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal((type, pointer), await ProblemJson.ReadAsync(response));
    }

    [Fact]
    public async Task Ten_thousand_jobs_are_taken_and_not_one_more()
    {
        await service.Service.PutAsync("/v1/queues/many", """{"target":{"kind":"simulated"}}""");
        await service.Service.Store.PauseAsync("many", paused: true);
        string Jobs(int count) => $$"""{"queue":"many","jobs":[{{string.Join(',', Enumerable.Repeat("""{"payload":1}""", count))}}]}""";

        Assert.Equal(10_000, (await service.BatchAsync(await service.SubmitAsync(Jobs(10_000)))).Total);
        using var more = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches", Jobs(10_001));
        Assert.Equal(HttpStatusCode.BadRequest, more.StatusCode);
        Assert.Equal("/jobs", (await ProblemJson.ReadAsync(more)).Pointers);
    }

    [Fact]
    public async Task Too_many_for_the_queue_is_422_and_too_many_just_now_is_429()
    {
        await service.Service.PutAsync("/v1/queues/small", """{"capacity":2}""");
        await service.Service.Store.PauseAsync("small", paused: true);
        using var three = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches", """{"queue":"small","jobs":[{"payload":1},{"payload":1},{"payload":1}]}""");
        Assert.Equal((422, "/problems/over-capacity"), ((int)three.StatusCode, (await ProblemJson.ReadAsync(three)).Type));

        await service.SubmitAsync("""{"queue":"small","jobs":[{"payload":1}]}""");
        using var two = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches", """{"queue":"small","jobs":[{"payload":1},{"payload":1}]}""");
        Assert.Equal((429, "/problems/queue-full"), ((int)two.StatusCode, (await ProblemJson.ReadAsync(two)).Type));
        Assert.True(two.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        Assert.Equal(1, (await service.Service.Store.CountAsync("small"))!.Queued);
    }

    [Fact]
    public async Task A_batch_of_nothing_has_succeeded()
    {
        var id = await service.SubmitAsync("""{"jobs":[]}""");

        var batch = await service.GetAsync($"/v1/batches/{id}");
        Assert.Equal(("succeeded", "0", "1"), (batch.Text("state"), batch.Text("total"), batch.Text("progress")));
        Assert.True((await service.GetAsync($"/v1/batches/{id}/results")).GetProperty("complete").GetBoolean());
        Assert.Empty((await service.StreamAsync($"/v1/batches/{id}/results?order=input", "application/x-ndjson")).Indexes());
    }

    [Fact]
    public async Task The_same_submission_again_is_the_same_batch()
    {
        const string body = """{"queue":"fast","jobs":[{"payload":1}]}""";
        using var first = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches", body, ("Idempotency-Key", "again"));
        using var again = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches", body, ("Idempotency-Key", "again"));
        using var other = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches", body + " ", ("Idempotency-Key", "again"));

        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotency-Replayed")));
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.Equal((422, "/problems/idempotency-mismatch"), ((int)other.StatusCode, (await ProblemJson.ReadAsync(other)).Type));
    }

    [Fact]
    public async Task A_failure_takes_the_others_with_it_if_the_batch_says_so()
    {
        await service.Service.PutAsync("/v1/queues/failing", """{"target":{"kind":"simulated","failureRate":1},"retry":{"maxAttempts":1}}""");
        var id = await service.SubmitAsync("""{"onFailure":"cancel","jobs":[{"queue":"failing","payload":1},{"queue":"fast","payload":2,"delaySeconds":600}]}""");
        await service.OverAsync(id);

        var batch = await service.GetAsync($"/v1/batches/{id}");
        Assert.Equal(("failed", "cancel", "batch"), (batch.Text("state"), batch.Text("onFailure"), batch.Text("cancelReason")));
        var items = (await service.GetAsync($"/v1/batches/{id}/results?order=input")).GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal(["failed", "cancelled"], items.Select(item => item.Text("state")));
        Assert.Equal(("upstream-status", "batch"), (items[0].GetProperty("error").Text("type"), items[1].Text("cancelReason")));
        Assert.False(items[0].TryGetProperty("result", out _));
    }

    [Fact]
    public async Task A_batch_is_cancelled_once_and_a_finished_one_not_at_all()
    {
        var id = await service.SubmitWaitingAsync("never", 3);
        for (var i = 0; i < 2; i++)
        {
            using var cancel = await service.Service.SendAsync(HttpMethod.Post, $"/v1/batches/{id}/cancel");
            Assert.Equal(HttpStatusCode.OK, cancel.StatusCode);
            Assert.Equal(("cancelled", "request"), ((await cancel.JsonAsync()).Text("state"), (await cancel.JsonAsync()).Text("cancelReason")));
        }

        var over = await service.SubmitAsync("""{"jobs":[]}""");
        using var late = await service.Service.SendAsync(HttpMethod.Post, $"/v1/batches/{over}/cancel");
        using var nowhere = await service.Service.SendAsync(HttpMethod.Post, "/v1/batches/01999999-9999-7999-8999-999999999999/cancel");
        Assert.Equal((409, "/problems/batch-finished"), ((int)late.StatusCode, (await ProblemJson.ReadAsync(late)).Type));
        Assert.Equal((404, "/problems/not-found"), ((int)nowhere.StatusCode, (await ProblemJson.ReadAsync(nowhere)).Type));
    }

    [Fact]
    public async Task What_failed_or_was_cancelled_is_retried_as_a_whole()
    {
        var id = await service.SubmitWaitingAsync("retried", 3);
        await service.ReleaseAsync(id, "retried", 1);
        using var cancel = await service.Service.SendAsync(HttpMethod.Post, $"/v1/batches/{id}/cancel");

        using var retry = await service.Service.SendAsync(HttpMethod.Post, "/v1/jobs/retry", $$"""{"batch":"{{id}}"}""");

        Assert.Equal("2", (await retry.JsonAsync()).Text("requeued"));
        Assert.Equal("running", (await service.GetAsync($"/v1/batches/{id}")).Text("state"));
        await service.Service.Store.SetSignalAsync("retried-0");
        await service.Service.Store.SetSignalAsync("retried-2");
        await service.OverAsync(id);
        var items = (await service.GetAsync($"/v1/batches/{id}/results")).GetProperty("items").EnumerateArray();
        Assert.Equal([1, 4, 5], items.Select(item => item.Completion()));
    }

    [Theory]
    [InlineData("/v1/batches?queue=fast", "application/json", "", 400)]
    [InlineData("/v1/batches", "text/plain", "", 415)]
    [InlineData("/v1/batches", "application/json", "gzip", 415)]
    [InlineData("/v1/batches?key=%00", "application/x-ndjson", "", 400)]
    [InlineData("/v1/batches?priority=high", "application/x-ndjson", "", 400)]
    [InlineData("/v1/batches?priority=101", "application/x-ndjson", "", 400)]
    [InlineData("/v1/batches?onFailure=maybe", "application/x-ndjson", "", 400)]
    [InlineData("/v1/batches?queue=b%20ad", "application/x-ndjson", "", 400)]
    [InlineData("/v1/batches", "application/x-ndjson", "gzip", 415)]
    [InlineData("/v1/queues/fast/map?order=random", "application/x-ndjson", "", 400)]
    [InlineData("/v1/queues/fast/map", "application/json", "", 415)]
    [InlineData("/v1/queues/nowhere/map", "application/x-ndjson", "", 404)]
    public async Task A_request_that_cannot_be_understood_is_told_what_to_do(string path, string type, string encoding, int status)
    {
        using var content = new StringContent("""{"payload":1}""", null, type);
        if (encoding.Length > 0)
            content.Headers.ContentEncoding.Add(encoding);
        using var response = await service.Service.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
        await ProblemJson.ReadAsync(response);
    }
}

public sealed class BatchApiTests(BatchService service) : BatchApiContract(service), IClassFixture<BatchService>;

public sealed class PostgresBatchApiTests(PostgresBatchService service) : BatchApiContract(service), IClassFixture<PostgresBatchService>;
