using System.Net;
using System.Text.Json;
using JobService.Tests.Callbacks;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>Callbacks as a client sees them: taken in, logged, asked for again, and their secret nowhere.</summary>
public abstract class CallbackApiContract(ServiceFixture service)
{
    private const string Secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    private const string Nobody = "01999999-9999-7999-8999-999999999999";

    [Theory]
    [InlineData("""{"url":"x"}""", "/callback/url /callback/secret")]
    [InlineData("""{"secret":"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}""", "/callback/url")]
    [InlineData("""{"url":"https://example.com/"}""", "/callback/secret")]
    [InlineData("""{"url":"https://example.com/","secret":null}""", "/callback/secret")]
    [InlineData("""{"url":"ftp://example.com/","secret":{"fromConfiguration":"A"}}""", "/callback/url")]
    [InlineData("""{"url":"//example.com/","secret":{"fromConfiguration":"A"}}""", "/callback/url")]
    [InlineData("""{"url":"/etc/passwd","secret":{"fromConfiguration":"A"}}""", "/callback/url")]
    [InlineData("""{"url":"https://user:pass@example.com/","secret":{"fromConfiguration":"A"}}""", "/callback/url")]
    [InlineData("""{"url":"https://example.com/#a","secret":{"fromConfiguration":"A"}}""", "/callback/url")]
    [InlineData("""{"url":"https://example.com/a b","secret":{"fromConfiguration":"A"}}""", "/callback/url")]
    [InlineData("""{"url":"https://example.com/","secret":{"fromConfiguration":"A:B"}}""", "/callback/secret")]
    [InlineData("""{"url":"https://example.com/","secret":{"configuration":"A"}}""", "/callback/secret")]
    [InlineData("""{"url":"https://example.com/","secret":"hunter2"}""", "/callback/secret")]
    [InlineData("""{"url":"https://example.com/","secret":"whsec_c2hvcnQ="}""", "/callback/secret")]
    [InlineData("""{"url":"https://example.com/","secret":7}""", "/callback/secret")]
    [InlineData("""{"url":"https://example.com/","secret":{"fromConfiguration":"A"},"method":"PUT"}""", "/callback/method")]
    [InlineData("\"https://example.com/\"", "/callback")]
    public async Task A_bad_callback_is_refused_with_the_place_of_what_is_wrong(string callback, string pointers)
    {
        using var response = await service.SubmitAsync($$"""{"payload": 1, "callback": {{callback}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(("/problems/invalid-request", pointers), await ProblemJson.ReadAsync(response));
        Assert.DoesNotContain("hunter2", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_may_have_2048_characters()
    {
        var url = "https://example.com/".PadRight(2048, 'a');
        foreach (var (given, status) in new[] { (url, HttpStatusCode.Accepted), (url + "a", HttpStatusCode.BadRequest) })
        {
            using var response = await service.SubmitAsync($$$"""{"payload": 1, "delaySeconds": 60, "callback": {"url": "{{{given}}}", "secret": "{{{Secret}}}"}}""");
            Assert.Equal(status, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_callback_is_told_logged_and_told_again_on_request()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond(204, ""));
        var id = await SubmitAsync(receiver.Url);
        var first = await receiver.NextAsync();

        using var ended = await service.SendAsync(HttpMethod.Get, $"/v1/jobs/{id}?wait=10");
        var job = await ended.JsonAsync();
        Assert.Equal(receiver.Url, job.GetProperty("callback").GetProperty("url").GetString());
        var log = job.GetProperty("links").GetProperty("deliveries").GetString()!;
        var delivery = await OnlyDeliveryAsync(log);
        Assert.Equal((first.Id(), "job.succeeded", receiver.Url),
            (delivery.GetProperty("id").GetString(), delivery.GetProperty("type").GetString(), delivery.GetProperty("url").GetString()));

        using var again = await service.SendAsync(HttpMethod.Post, $"{log}/{first.Id()}/redeliver");
        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Equal(first.Id(), (await again.JsonAsync()).GetProperty("id").GetString());
        var second = await receiver.NextAsync();

        Assert.Equal((first.Id(), first.Text), (second.Id(), second.Text));
        // The first try was written before the second was sent.
        var attempt = (await OnlyDeliveryAsync(log)).GetProperty("attempts")[0];
        Assert.Equal((1, 204), (attempt.GetProperty("number").GetInt32(), attempt.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task A_batch_is_told_when_its_last_job_has_ended()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond());
        using var response = await service.SendAsync(HttpMethod.Post, "/v1/batches", $$$"""
            {"jobs": [{"payload": 1}, {"payload": 2}], "callback": {"url": "{{{receiver.Url}}}", "secret": "{{{Secret}}}"}}
            """);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var batch = await response.JsonAsync();

        var told = (await receiver.NextAsync()).Json();

        var data = told.GetProperty("data");
        Assert.Equal(("batch.finished", batch.GetProperty("id").GetString(), "succeeded", 2),
            (told.GetProperty("type").GetString(), data.GetProperty("id").GetString(), data.GetProperty("state").GetString(), data.GetProperty("counts").GetProperty("succeeded").GetInt32()));
        Assert.Equal(receiver.Url, batch.GetProperty("callback").GetProperty("url").GetString());
        Assert.DoesNotContain("whsec_", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        var log = batch.GetProperty("links").GetProperty("deliveries").GetString()!;
        var delivery = await OnlyDeliveryAsync(log);
        using var again = await service.SendAsync(HttpMethod.Post, $"{log}/{delivery.GetProperty("id").GetString()}/redeliver");
        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        await receiver.NextAsync();
    }

    [Fact]
    public async Task A_callback_among_the_defaults_is_one_for_each_job()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond());
        using var response = await service.SendAsync(HttpMethod.Post, "/v1/batches", $$$"""
            {"defaults": {"callback": {"url": "{{{receiver.Url}}}", "secret": "{{{Secret}}}"}}, "jobs": [{"payload": 1}, {"payload": 2}]}
            """);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);

        var told = new[] { await receiver.NextAsync(), await receiver.NextAsync() };
        Assert.Equal(2, told.Select(request => request.Json().GetProperty("data").GetProperty("id").GetString()).Distinct().Count());
    }

    [Fact]
    public async Task An_upload_names_its_callback_in_the_query_and_the_secret_by_its_name_in_the_configuration()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond());
        await using var own = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Secrets:Hook"] = Secret });
        var url = Uri.EscapeDataString(receiver.Url);

        using var response = await UploadAsync(own, $"callbackUrl={url}&callbackSecret=Hook");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("batch.finished", (await receiver.NextAsync()).Json().GetProperty("type").GetString());
        foreach (var query in (string[])[$"callbackUrl={url}", "callbackSecret=Hook", $"callbackUrl={url}&callbackSecret=a%20b", "callbackUrl=x&callbackSecret=Hook"])
        {
            using var refused = await UploadAsync(own, query);
            Assert.Equal((HttpStatusCode.BadRequest, "/problems/invalid-request"), (refused.StatusCode, (await ProblemJson.ReadAsync(refused)).Type));
        }
    }

    [Fact]
    public async Task A_bad_callback_of_a_batch_is_refused_with_the_place_of_what_is_wrong()
    {
        using var response = await service.SendAsync(
            HttpMethod.Post, "/v1/batches", """{"jobs": [{"payload": 1}], "callback": {"url": "ftp://example.com/", "secret": "whsec_"}}""");

        Assert.Equal(("/problems/invalid-request", "/callback/url /callback/secret"), await ProblemJson.ReadAsync(response));
    }

    [Fact]
    public async Task The_secret_is_shown_nowhere()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond());
        using var submitted = await service.SubmitAsync(Body(receiver.Url));
        var id = (await submitted.JsonAsync()).GetProperty("id").GetString();
        var told = await receiver.NextAsync();
        List<string> seen = [await submitted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), told.Head, told.Text];
        foreach (var path in (string[])[$"/v1/jobs/{id}", $"/v1/jobs/{id}/deliveries", "/v1/jobs?limit=500"])
        {
            using var response = await service.SendAsync(HttpMethod.Get, path);
            seen.Add(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        Assert.All(seen, text => Assert.DoesNotContain("whsec_", text, StringComparison.Ordinal));
        Assert.All(seen, text => Assert.DoesNotContain(Secret[6..], text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_without_a_callback_has_no_deliveries_and_shows_none()
    {
        using var submitted = await service.SubmitAsync("""{"payload": 1}""", ("Prefer", "wait=10"));
        var job = await submitted.JsonAsync();

        Assert.False(job.TryGetProperty("callback", out _) || job.GetProperty("links").TryGetProperty("deliveries", out _));
        using var log = await service.SendAsync(HttpMethod.Get, $"/v1/jobs/{job.GetProperty("id").GetString()}/deliveries");
        Assert.Equal(0, (await log.JsonAsync()).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task What_does_not_exist_is_404()
    {
        var id = await SubmitAsync("http://127.0.0.1:1/");
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, $"/v1/jobs/{Nobody}/deliveries"), (HttpMethod.Get, "/v1/jobs/x/deliveries"), (HttpMethod.Post, $"/v1/jobs/{Nobody}/deliveries/{Nobody}/redeliver"),
            (HttpMethod.Get, $"/v1/batches/{Nobody}/deliveries"), (HttpMethod.Get, $"/v1/batches/{id}/deliveries"), (HttpMethod.Post, $"/v1/batches/{Nobody}/deliveries/{Nobody}/redeliver"),
            (HttpMethod.Post, $"/v1/jobs/{id}/deliveries/{Nobody}/redeliver"), (HttpMethod.Post, $"/v1/jobs/{id}/deliveries/x/redeliver"),
        })
        {
            using var response = await service.SendAsync(method, path);
            Assert.Equal("/problems/not-found", (await ProblemJson.ReadAsync(response)).Type);
        }
    }

    private static string Body(string url) => $$$"""{"payload": {"n": 1}, "callback": {"url": "{{{url}}}", "secret": "{{{Secret}}}"}}""";

    private async Task<string> SubmitAsync(string url)
    {
        using var response = await service.SubmitAsync(Body(url));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return (await response.JsonAsync()).GetProperty("id").GetString()!;
    }

    private static async Task<HttpResponseMessage> UploadAsync(ServiceFixture service, string query)
    {
        using var lines = new StringContent("{\"payload\":1}\n{\"payload\":2}\n", System.Text.Encoding.UTF8, "application/x-ndjson");
        return await service.Client.PostAsync(new Uri($"/v1/batches?{query}", UriKind.Relative), lines, TestContext.Current.CancellationToken);
    }

    private async Task<JsonElement> OnlyDeliveryAsync(string log)
    {
        using var response = await service.SendAsync(HttpMethod.Get, log);
        return Assert.Single((await response.JsonAsync()).GetProperty("items").EnumerateArray().ToArray());
    }
}

public sealed class CallbackApiTests(ServiceFixture service) : CallbackApiContract(service), IClassFixture<ServiceFixture>;

public sealed class PostgresCallbackApiTests(PostgresFixture service) : CallbackApiContract(service), IClassFixture<PostgresFixture>;
