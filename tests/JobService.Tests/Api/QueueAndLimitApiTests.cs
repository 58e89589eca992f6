using System.Net;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>Queues and limits at run time.</summary>
public abstract class QueueAndLimitApiContract(ServiceFixture service)
{
    [Fact]
    public async Task A_queue_is_made_replaced_and_deleted_under_its_tag()
    {
        using var made = await PutAsync("/v1/queues/tagged", "{}");
        using var replaced = await PutAsync("/v1/queues/tagged", """{"maxConcurrency":2}""", ("If-Match", made.Headers.ETag!.ToString()));
        using var outdated = await PutAsync("/v1/queues/tagged", "{}", ("If-Match", made.Headers.ETag!.ToString()));
        using var keep = await service.SendAsync(HttpMethod.Delete, "/v1/queues/tagged", null, ("If-Match", made.Headers.ETag!.ToString()));
        using var deleted = await service.SendAsync(HttpMethod.Delete, "/v1/queues/tagged", null, ("If-Match", $"\"x\", {replaced.Headers.ETag}"));
        using var gone = await service.SendAsync(HttpMethod.Get, "/v1/queues/tagged");

        Assert.Equal(
            [HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.PreconditionFailed, HttpStatusCode.PreconditionFailed, HttpStatusCode.NoContent, HttpStatusCode.NotFound],
            new[] { made, replaced, outdated, keep, deleted, gone }.Select(response => response.StatusCode));
        Assert.Equal("/v1/queues/tagged", made.Headers.Location?.ToString());
        Assert.Equal("/problems/precondition-failed", (await ProblemJson.ReadAsync(outdated)).Type);
    }

    [Theory]
    [InlineData("If-Match", "*")]
    [InlineData("If-Match", "\"r1\"")]
    public async Task What_must_exist_and_does_not_is_412(string header, string value)
    {
        using var queue = await PutAsync("/v1/queues/absent", "{}", (header, value));
        using var limit = await PutAsync("/v1/limits/absent", """{"kind":"rate","permits":1}""", (header, value));

        Assert.Equal((HttpStatusCode.PreconditionFailed, HttpStatusCode.PreconditionFailed), (queue.StatusCode, limit.StatusCode));
    }

    [Theory]
    [InlineData("""{"target":{"kind":"http"}}""", "/target/baseAddress")]
    [InlineData("""{"target":{"baseAddress":"http://x"}}""", "/target/kind")]
    [InlineData("""{"target":{"kind":"smtp"},"process":{"kind":"jmespath"}}""", "/target/kind /process/kind")]
    [InlineData("""{"target":{"baseAddress":"//x","kind":"http"}}""", "/target/baseAddress")]
    [InlineData("""{"target":{"kind":"http","baseAddress":"http://x","headers":{"a":5}}}""", "/target/headers/a")]
    [InlineData("""{"target":{"kind":"http","baseAddress":"http://x","headers":{"a":null}}}""", "/target/headers/a")]
    [InlineData("""{"target":{"kind":"http","baseAddress":"http://x","headers":{"Host":"y","Cookie":"***"}}}""", "/target/headers/Host /target/headers/Cookie")]
    [InlineData("""{"limits":["a b","c","c"]}""", "/limits/0 /limits/2")]
    [InlineData("""{"limits":[null]}""", "/limits/0")]
    [InlineData("""{"limits":"default"}""", "/limits")]
    [InlineData("""{"maxConcurrency":0,"capacity":0,"timeoutSeconds":0}""", "/maxConcurrency /capacity /timeoutSeconds")]
    [InlineData("""{"retry":{"baseSeconds":10,"maxSeconds":5}}""", "/retry/maxSeconds")]
    [InlineData("""{"retry":{"attempts":5}}""", "/retry/attempts")]
    [InlineData("""{"process":{"kind":"simulated"}}""", "/process/cpuSeconds")]
    [InlineData("""{"colour":"red","name":"x"}""", "/colour /name")]
    [InlineData("""{"keyShares":{"a":0,"b/c~d":1001,"e":-1,"ok":0.001,"":1000}}""", "/keyShares/a /keyShares/b~1c~0d /keyShares/e")]
    [InlineData("""{"keyShares":{"a":"4"}}""", "/keyShares/a")]
    [InlineData("""{"share":0}""", "/share")]
    [InlineData("""{"share":0.0009,"keyShares":{"a":1e-30,"b":0.001}}""", "/share /keyShares/a")]
    [InlineData("""{"share":1000.1}""", "/share")]
    [InlineData("""{"share":"9"}""", "/share")]
    [InlineData("""{"keyShares":{"a\u0000":4}}""", "/keyShares/a\u0000")]
    [InlineData("""{"keyShares":{"a":1,"a":1}}""", "/keyShares/a")]
    [InlineData("""{"keyShares":[4]}""", "/keyShares")]
    [InlineData("""{"throttledBy":[503,200,600,503]}""", "/throttledBy/1 /throttledBy/2 /throttledBy/3")]
    [InlineData("""{"throttledBy":["503"]}""", "/throttledBy/0")]
    [InlineData("""{"throttledBy":503}""", "/throttledBy")]
    [InlineData("""{"throttledBy":[401,402,403,404,405,406,407,408,409,410,411,412,413,414,415,416,417,418,419,420,421]}""", "/throttledBy")]
    [InlineData("""{"weightFrom":" "}""", "/weightFrom")]
    [InlineData("""{"weightFrom":"a["}""", "/weightFrom")]
    public async Task A_bad_queue_is_answered_with_pointers(string body, string pointers)
    {
        using var response = await PutAsync("/v1/queues/bad", body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(pointers, (await ProblemJson.ReadAsync(response)).Pointers);
    }

    [Theory]
    [InlineData("""{"permits":1}""", "/kind")]
    [InlineData("""{"kind":"bucket","permits":1}""", "/kind")]
    [InlineData("""{"kind":"window","permits":0,"periodSeconds":0}""", "/permits /periodSeconds")]
    [InlineData("""{"kind":"window","permits":1,"burst":2}""", "/burst")]
    [InlineData("""{"kind":"window","permits":1,"periodSeconds":2592001}""", "/periodSeconds")]
    [InlineData("""{"kind":"rate"}""", "/permits")]
    [InlineData("""{"kind":"rate","permits":0,"periodSeconds":0,"burst":0}""", "/permits /periodSeconds /burst")]
    [InlineData("""{"kind":"concurrency","permits":1,"burst":2}""", "/burst")]
    [InlineData("""{"kind":"rate","permits":1,"scope":"perJob"}""", "/scope")]
    [InlineData("""{"kind":"rate","permits":1,"scope":1}""", "/scope")]
    [InlineData("""{"kind":"rate","permits":1,"counts":""}""", "/counts")]
    [InlineData("""{"kind":"rate","permits":1,"counts":"input tokens"}""", "/counts")]
    [InlineData("""{"kind":"rate","permits":1,"counts":1}""", "/counts")]
    [InlineData("""{"kind":"rate","permits":1,"counts":"CALLS","weightFrom":"usage"}""", "/weightFrom")]
    [InlineData("""{"kind":"rate","permits":1,"weightFrom":""}""", "/weightFrom")]
    [InlineData("""{"kind":"rate","permits":1,"weightFrom":5}""", "/weightFrom")]
    [InlineData("""{"kind":"window","permits":1,"weightFrom":"usage..total"}""", "/weightFrom")]
    [InlineData("""{"kind":"window","permits":1,"weightFrom":"[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|length(@)"}""", "/weightFrom")]
    [InlineData("""{"kind":"window","permits":1,"weightFrom":"length(pad_left(id, `1000000000`))"}""", "/weightFrom")]
    [InlineData("""{"kind":"concurrency","permits":1,"weightFrom":"usage"}""", "/weightFrom")]
    [InlineData("""{"kind":"rate","permits":1,"periodSeconds":1e400}""", "/periodSeconds")]
    public async Task A_bad_limit_is_answered_with_pointers(string body, string pointers)
    {
        using var response = await PutAsync("/v1/limits/bad", body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(pointers, (await ProblemJson.ReadAsync(response)).Pointers);
    }

    [Theory]
    [InlineData("/v1/queues/a%20b")]
    [InlineData("/v1/queues/ä")]
    [InlineData("/v1/limits/a:b")]
    public async Task A_bad_name_is_400(string path)
    {
        using var response = await PutAsync(path, """{"kind":"rate","permits":1}""");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Credentials_are_never_shown()
    {
        const string body = """
            {"target":{"kind":"http","baseAddress":"http://x","headers":{"Authorization":"Bearer hush","x-api-key":{"fromConfiguration":"Key"},"user-agent":"me"}}}
            """;
        using var put = await PutAsync("/v1/queues/masked", body);
        using var get = await service.SendAsync(HttpMethod.Get, "/v1/queues/masked");
        using var list = await service.SendAsync(HttpMethod.Get, "/v1/queues");

        foreach (var response in new[] { put, get, list })
            Assert.DoesNotContain("hush", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var headers = (await get.JsonAsync()).GetProperty("target").GetProperty("headers");
        Assert.Equal("***", headers.GetProperty("Authorization").GetString());
        Assert.Equal("Key", headers.GetProperty("x-api-key").GetProperty("fromConfiguration").GetString());
        Assert.Equal("me", headers.GetProperty("user-agent").GetString());
    }

    [Fact]
    public async Task A_queue_with_unfinished_jobs_and_a_limit_in_use_stay()
    {
        await service.PutAsync("/v1/limits/used", """{"kind":"concurrency","permits":1}""");
        await service.PutAsync("/v1/queues/busy", """{"limits":["used"]}""");
        using var pause = await service.SendAsync(HttpMethod.Post, "/v1/queues/busy/pause");
        using var job = await service.SubmitAsync("""{"queue":"busy","payload":1}""");

        await ExpectAsync(HttpMethod.Delete, "/v1/queues/busy", "/problems/in-use");
        await ExpectAsync(HttpMethod.Delete, "/v1/limits/used", "/problems/in-use");
        await ExpectAsync(HttpMethod.Delete, "/v1/queues/default", "/problems/configured");
        await ExpectAsync(HttpMethod.Delete, "/v1/limits/default", "/problems/configured");
        using var busy = await service.SendAsync(HttpMethod.Get, "/v1/queues/busy");
        var queue = await busy.JsonAsync();
        Assert.True(queue.GetProperty("paused").GetBoolean());
        Assert.Equal(1, queue.GetProperty("counts").GetProperty("queued").GetInt64());
    }

    [Fact]
    public async Task A_queue_with_an_unknown_limit_is_422()
    {
        using var response = await PutAsync("/v1/queues/lost", """{"limits":["nowhere"]}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal("/problems/unknown-limit", (await ProblemJson.ReadAsync(response)).Type);
    }

    [Theory]
    [InlineData("/v1/queues/once", "{}")]
    [InlineData("/v1/limits/once", """{"kind":"concurrency","permits":1}""")]
    public async Task Of_many_who_make_it_only_if_there_is_none_one_does(string path, string body)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PutAsync(path, body, ("If-None-Match", "*"))));

        Assert.Equal([(201, 1), (412, 19)], answers.GroupBy(response => (int)response.StatusCode).Select(same => (same.Key, same.Count())).Order());
        foreach (var response in answers)
            response.Dispose();
    }

    [Fact]
    public async Task A_job_whose_queue_is_gone_is_not_retried()
    {
        await service.PutAsync("/v1/queues/gone", "{}");
        using var pause = await service.SendAsync(HttpMethod.Post, "/v1/queues/gone/pause");
        using var job = await service.SubmitAsync("""{"queue":"gone","payload":1}""");
        using var cancel = await service.SendAsync(HttpMethod.Post, $"{job.Headers.Location}/cancel");
        using var delete = await service.SendAsync(HttpMethod.Delete, "/v1/queues/gone");

        Assert.Equal(HttpStatusCode.NoContent, delete.StatusCode);
        await ExpectAsync(HttpMethod.Post, $"{job.Headers.Location}/retry", "/problems/job-not-retryable");
    }

    [Fact]
    public async Task What_a_limit_shows_as_its_configuration_can_be_put_again()
    {
        await service.PutAsync("/v1/limits/again", """{"permits":5,"kind":"rate"}""");
        using var get = await service.SendAsync(HttpMethod.Get, "/v1/limits/again");
        var limit = await get.JsonAsync();
        using var put = await PutAsync("/v1/limits/again", limit.GetProperty("config").GetRawText());

        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal(0, limit.GetProperty("state").GetProperty("taken").GetInt64());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, limit.GetProperty("learned").ValueKind);
    }

    [Fact]
    public async Task Shares_and_scopes_are_shown_as_they_were_put()
    {
        await service.PutAsync("/v1/limits/keyed", """{"kind":"rate","permits":5,"scope":"perKey","weightFrom":"usage.total"}""");
        await service.PutAsync("/v1/queues/shares", """{"limits":["keyed"],"keyShares":{"gold-7":4,"":0.5},"weightFrom":"cost","throttledBy":[503,403]}""");
        await service.PutAsync("/v1/queues/plain", "{}");

        using var limit = await service.SendAsync(HttpMethod.Get, "/v1/limits/keyed");
        using var shares = await service.SendAsync(HttpMethod.Get, "/v1/queues/shares");
        using var plain = await service.SendAsync(HttpMethod.Get, "/v1/queues/plain");

        Assert.Equal("""{"kind":"rate","periodSeconds":1,"burst":1,"permits":5,"counts":"weight","scope":"perKey","weightFrom":"usage.total"}""",
            (await limit.JsonAsync()).GetProperty("config").GetRawText());
        var queue = await shares.JsonAsync();
        Assert.Equal("""{"gold-7":4,"":0.5}""", queue.GetProperty("keyShares").GetRawText());
        Assert.Equal("cost", queue.GetProperty("weightFrom").GetString());
        Assert.Equal("[503,403]", queue.GetProperty("throttledBy").GetRawText());
        Assert.Equal("{}", (await plain.JsonAsync()).GetProperty("keyShares").GetRawText());
    }

    [Fact]
    public async Task Ten_thousand_shares_are_taken_and_one_more_is_not()
    {
        static string Body(int count) => $"{{\"keyShares\":{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"k{i}\":2"))}}}}}";
        using var most = await PutAsync("/v1/queues/many-shares", Body(10_000));
        using var more = await PutAsync("/v1/queues/many-shares", Body(10_001));

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.BadRequest), (most.StatusCode, more.StatusCode));
        Assert.Equal("/keyShares", (await ProblemJson.ReadAsync(more)).Pointers);
    }

    [Fact]
    public async Task An_expression_has_256_characters_at_most()
    {
        using var most = await PutAsync("/v1/limits/long", $$"""{"kind":"rate","permits":5,"weightFrom":"{{new string('a', 256)}}"}""");
        using var more = await PutAsync("/v1/limits/long", $$"""{"kind":"rate","permits":5,"weightFrom":"{{new string('a', 257)}}"}""");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.BadRequest), (most.StatusCode, more.StatusCode));
    }

    [Theory]
    [InlineData("rate", 1)]
    [InlineData("window", 5)]
    [InlineData("concurrency", 5)]
    public async Task A_weight_that_never_fits_is_refused_with_the_limit_and_what_to_do(string kind, int most)
    {
        await service.PutAsync($"/v1/limits/heavy-{kind}", $$"""{"kind":"{{kind}}","permits":5}""");
        await service.PutAsync($"/v1/queues/heavy-{kind}", $$"""{"limits":["heavy-{{kind}}"]}""");
        using var pause = await service.SendAsync(HttpMethod.Post, $"/v1/queues/heavy-{kind}/pause");

        using var fits = await service.SubmitAsync($$"""{"queue":"heavy-{{kind}}","payload":1,"weight":{{most}}}""");
        using var never = await service.SubmitAsync($$"""{"queue":"heavy-{{kind}}","payload":1,"weight":{{most + 1}}}""");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.UnprocessableEntity), (fits.StatusCode, never.StatusCode));
        var problem = await never.JsonAsync();
        Assert.Equal(("/problems/weight-never-fits", $"heavy-{kind}", most),
            (problem.GetProperty("type").GetString(), problem.GetProperty("limit").GetString(), problem.GetProperty("maxWeight").GetInt32()));
        Assert.Contains("window limit", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("\"counts\": \"calls\"", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_that_counts_calls_takes_any_weight_and_the_word_is_read_in_any_case()
    {
        await service.PutAsync("/v1/limits/heavy-calls", """{"kind":"rate","permits":500,"periodSeconds":60,"counts":"Calls"}""");
        await service.PutAsync("/v1/queues/heavy-calls", """{"limits":["heavy-calls"]}""");

        using var fits = await service.SubmitAsync("""{"queue":"heavy-calls","payload":1,"weight":4000,"weights":{"inputTokens":3000}}""");

        Assert.Equal(HttpStatusCode.Accepted, fits.StatusCode);
        Assert.Equal("""{"inputTokens":3000}""", (await fits.JsonAsync()).GetProperty("weights").GetRawText());
        using var limit = await service.SendAsync(HttpMethod.Get, "/v1/limits/heavy-calls");
        Assert.Equal("calls", (await limit.JsonAsync()).GetProperty("config").GetProperty("counts").GetString());
    }

    private Task<HttpResponseMessage> PutAsync(string path, string body, params (string, string)[] headers) => service.SendAsync(HttpMethod.Put, path, body, headers);

    private async Task ExpectAsync(HttpMethod method, string path, string type)
    {
        using var response = await service.SendAsync(method, path);
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Equal(type, (await ProblemJson.ReadAsync(response)).Type);
    }
}

public sealed class QueueAndLimitApiTests(ServiceFixture service) : QueueAndLimitApiContract(service), IClassFixture<ServiceFixture>;

public sealed class PostgresQueueAndLimitApiTests(PostgresFixture service) : QueueAndLimitApiContract(service), IClassFixture<PostgresFixture>;
