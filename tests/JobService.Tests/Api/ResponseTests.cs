using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>What a job shows of the response that it got.</summary>
public sealed class ResponseTests : IAsyncLifetime
{
    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" });
    private RawTcpApi? api;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        if (api is not null)
            await api.DisposeAsync();
    }

    [Fact]
    public async Task Headers_that_the_queue_keeps_are_shown_and_stay_over_the_job()
    {
        var job = await CallAsync(
            WireReplies.Respond(201, "{}", "Content-Type: application/json", "Location: /items/7", "ETag: \"1\"", "Link: <a>; rel=x", "link: <b>; rel=y", "X-Secret: s"),
            """["location", "ETag", "link", "x-none"]""");

        var response = job.GetProperty("response");
        Assert.Equal("""{"location":"/items/7","ETag":"\"1\"","link":"<a>; rel=x, <b>; rel=y"}""", response.GetProperty("headers").GetRawText());
        Assert.Equal(201, response.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task They_are_kept_of_a_response_that_fails_the_job_too()
    {
        var job = await CallAsync(WireReplies.Respond(409, "there is one", "X-Request-Id: r-1"), """["x-request-id"]""");

        Assert.Equal("""{"status":409,"headers":{"x-request-id":"r-1"}}""", job.GetProperty("response").GetRawText());
        Assert.Equal("there is one", job.GetProperty("error").GetProperty("detail").GetString());
    }

    [Fact]
    public async Task They_stand_in_the_results_of_a_batch_too()
    {
        api = new RawTcpApi(request => request.Text == "1" ? WireReplies.Respond(201, "{}", "Location: /items/7") : WireReplies.Respond(200, "{}"));
        await service.PutAsync("/v1/queues/api", $$$"""{"target": {"kind": "http", "baseAddress": "{{{api.Address}}}"}, "keepHeaders": ["location"]}""");
        using var submitted = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"queue": "api", "jobs": [{"payload": 1}, {"payload": 2}]}""");
        using var answer = await service.SendAsync(HttpMethod.Get, $"{submitted.Headers.Location}/results?order=input&wait=20");
        using var page = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var items = page.RootElement.GetProperty("items");

        Assert.Equal("/items/7", items[0].GetProperty("response").GetProperty("headers").GetProperty("location").GetString());
        Assert.False(items[1].TryGetProperty("response", out _));
    }

    [Fact]
    public async Task No_more_is_kept_of_headers_than_fits()
    {
        var job = await CallAsync(WireReplies.Respond(200, "{}", $"A: {new string('a', 16_000)}", $"B: {new string('b', 1_000)}", "C: c"), """["a", "b", "c"]""");

        Assert.Equal(["a", "c"], job.GetProperty("response").GetProperty("headers").EnumerateObject().Select(header => header.Name));
    }

    [Theory]
    [InlineData("""["x y"]""", "/keepHeaders/0")]
    [InlineData("""["etag", "ETag"]""", "/keepHeaders/1")]
    [InlineData("""[""]""", "/keepHeaders/0")]
    [InlineData("""["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17"]""", "/keepHeaders")]
    public async Task What_is_no_header_is_not_kept(string names, string pointer)
    {
        using var answer = await service.SendAsync(HttpMethod.Put, "/v1/queues/q", $$$"""{"keepHeaders": {{{names}}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(pointer, problem.RootElement.GetProperty("errors")[0].GetProperty("pointer").GetString());
    }

    [Fact]
    public async Task A_redirect_says_where_it_points_and_that_it_was_not_followed()
    {
        var job = await CallAsync(WireReplies.Respond(301, "moved", "Location: /new/place"));

        Assert.Equal("failed", job.GetProperty("state").GetString());
        Assert.Equal($"The API points to {api!.Address}/new/place. Redirects are not followed: use that address if it is the right one.\nmoved", job.GetProperty("error").GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_compressed_result_is_shown_and_served_as_what_it_is()
    {
        var job = await CallAsync(Gzipped("""{"usage": {"total": 7}}""", "application/json"));

        Assert.Equal("""{"usage": {"total": 7}}""", job.GetProperty("result").GetRawText());
        Assert.Equal(("application/json", """{"usage": {"total": 7}}"""), await ResultAsync(job));
    }

    [Fact]
    public async Task A_compressed_response_says_what_the_call_has_cost()
    {
        await service.PutAsync("/v1/limits/tokens", """{"kind": "window", "permits": 1000, "periodSeconds": 3600, "weightFrom": "usage.total"}""");
        api = new RawTcpApi(Gzipped("\uFEFF{\"usage\": {\"total\": 7}}", "application/json"));
        await service.PutAsync("/v1/queues/api", $$$"""{"target": {"kind": "http", "baseAddress": "{{{api.Address}}}"}, "limits": ["tokens"]}""");
        using var submitted = await service.SubmitAsync("""{"queue": "api", "payload": 1, "weight": 100}""", ("Prefer", "wait=20"));
        using var answer = await service.SendAsync(HttpMethod.Get, "/v1/limits/tokens");
        using var limit = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal(7, limit.RootElement.GetProperty("state").GetProperty("taken").GetInt32());
    }

    [Fact]
    public async Task A_compressed_error_is_told_in_words()
    {
        var job = await CallAsync(Gzipped("not like this", "text/plain", status: 400));

        Assert.Equal("not like this", job.GetProperty("error").GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("application/json", "<html>", "text/plain; charset=utf-8")]
    [InlineData("application/json", "{\"a\":", "text/plain; charset=utf-8")]
    [InlineData("application/vnd.api+json", "\u00ff\u00fe", "application/octet-stream")]
    [InlineData("application/json; charset=latin1", "\"\u00e4\"", "application/json; charset=latin1")]
    [InlineData("text/html", "{}", "text/html")]
    public async Task A_result_is_not_called_what_it_is_not(string said, string body, string served)
    {
        var job = await CallAsync(WireReplies.Respond(200, body, $"Content-Type: {said}"));

        Assert.Equal(served, (await ResultAsync(job)).Type);
    }

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(5_000, false)]
    public async Task Deep_JSON_stands_behind_the_link(int depth, bool isInline)
    {
        var json = new string('[', depth) + new string(']', depth);
        var job = await CallAsync(WireReplies.Respond(200, json, "Content-Type: application/json"));

        Assert.Equal(isInline, job.TryGetProperty("result", out _));
        Assert.Equal(("application/json", json), await ResultAsync(job));
    }

    private static WireReply Gzipped(string text, string type, int status = 200)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionMode.Compress))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        var body = bytes.ToArray();
        return async (connection, stop) =>
        {
            await connection.SendAsync($"HTTP/1.1 {status} Status\r\nContent-Type: {type}\r\nContent-Encoding: gzip\r\nContent-Length: {body.Length}\r\n\r\n", stop);
            await connection.SendAsync(body, stop);
        };
    }

    private async Task<JsonElement> CallAsync(WireReply reply, string keepHeaders = "[]")
    {
        api = new RawTcpApi(reply);
        await service.PutAsync("/v1/queues/api", $$$"""{"target": {"kind": "http", "baseAddress": "{{{api.Address}}}"}, "keepHeaders": {{{keepHeaders}}}}""");
        using var submitted = await service.SubmitAsync("""{"queue": "api", "payload": 1}""", ("Prefer", "wait=20"));
        using var job = JsonDocument.Parse(await submitted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return job.RootElement.Clone();
    }

    private async Task<(string Type, string Text)> ResultAsync(JsonElement job)
    {
        using var answer = await service.SendAsync(HttpMethod.Get, job.GetProperty("links").GetProperty("result").GetString()!);
        return (answer.Content.Headers.ContentType!.ToString(), await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
