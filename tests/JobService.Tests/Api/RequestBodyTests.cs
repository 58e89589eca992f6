using System.Net;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Api;

/// <summary>What a job's request says is what the API receives, byte for byte, whichever door it came through.</summary>
public sealed class RequestBodyTests : IAsyncLifetime
{
    /// <summary>Spaces, numbers, escapes and half a surrogate pair: what a serializer would write in another way.</summary>
    private const string Body = """{ "b":1.50,"a" : [1e2 , "\u00e4\/\ud800"],"e":"<&+'>"}""";

    private readonly RawTcpApi api = new(Respond(200, "{}", "Content-Type: application/json"));
    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" });

    public async ValueTask InitializeAsync() =>
        await service.PutAsync("/v1/queues/api", $$$"""{"target": {"kind": "http", "baseAddress": "{{{api.Address}}}"}}""");

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        await api.DisposeAsync();
    }

    [Theory]
    [InlineData("/v1/jobs", "application/json", """{"queue": "api", "request": {"body": BODY}}""")]
    [InlineData("/v1/jobs", "application/json", """{"queue": "api", "payload": BODY}""")]
    [InlineData("/v1/jobs", "application/json", """{"queue": "api", "payload": BODY, "request": {"path": "/x"}}""")]
    [InlineData("/v1/jobs", "application/json", """{"queue": "api", "payload": BODY, "request": {"body": null, "method": "PATCH"}}""")]
    [InlineData("/v1/batches", "application/json", """{"queue": "api", "jobs": [{"request": {"body": BODY}}]}""")]
    [InlineData("/v1/batches", "application/json", """{"queue": "api", "defaults": {"request": {"body": BODY}}, "jobs": [{"key": "k"}]}""")]
    [InlineData("/v1/batches?queue=api", "application/x-ndjson", """{"request": {"body": BODY}}""")]
    [InlineData("/v1/queues/api/map", "application/x-ndjson", """{"request": {"body": BODY}}""")]
    public async Task A_body_goes_out_byte_for_byte(string path, string type, string json)
    {
        var request = await CallAsync(path, type, json.Replace("BODY", Body, StringComparison.Ordinal));

        Assert.Equal(Body, request.Text);
        Assert.Equal(["application/json"], request.Header("Content-Type"));
    }

    [Theory]
    [InlineData("""{"bodyText": "a=1&b=ü", "headers": {"content-type": "application/x-www-form-urlencoded"}}""", "application/x-www-form-urlencoded", "a=1&b=ü")]
    [InlineData("""{"bodyText": "<a/>\r\n"}""", "text/plain; charset=utf-8", "<a/>\r\n")]
    [InlineData("""{"bodyBase64": "aGVsbG8=", "method": "DELETE"}""", "application/octet-stream", "hello")]
    [InlineData("""{"bodyBase64": "aGVsbG8=", "headers": {"Content-Type": "image/x-own"}}""", "image/x-own", "hello")]
    [InlineData("""{"bodyText": ""}""", null, "")]
    [InlineData("""{"body": null, "bodyText": null, "bodyBase64": "AA=="}""", "application/octet-stream", "\0")]
    public async Task A_body_need_not_be_JSON(string request, string? type, string body)
    {
        var sent = await CallAsync("/v1/jobs", "application/json", $$$"""{"queue": "api", "payload": 1, "request": {{{request}}}}""");

        Assert.Equal(body, sent.Text);
        Assert.Equal(type is null ? [] : [type], sent.Header("Content-Type"));
    }

    [Fact]
    public async Task A_name_of_the_query_may_stand_several_times_and_the_order_is_kept()
    {
        var sent = await CallAsync("/v1/jobs", "application/json", """
            {"queue": "api", "request": {"method": "GET", "path": "/x", "query": {"z": ["2", "1 &", ""], "a": "3", "none": [], "m": ["4"]}}}
            """);

        Assert.Equal("GET /x?z=2&z=1%20%26&z=&a=3&m=4 HTTP/1.1", sent.RequestLine);
    }

    [Theory]
    [InlineData("""{"body": 1, "bodyText": "x"}""", "/request/bodyText")]
    [InlineData("""{"body": 1, "bodyBase64": "AA=="}""", "/request/bodyBase64")]
    [InlineData("""{"bodyText": "", "bodyBase64": ""}""", "/request/bodyBase64")]
    [InlineData("""{"bodyBase64": "a-_="}""", "/request/bodyBase64")]
    [InlineData("""{"bodyText": "\ud800"}""", "/request/bodyText")]
    [InlineData("""{"bodyText": 1}""", "/request/bodyText")]
    [InlineData("""{"query": {"a": null}}""", "/request/query/a")]
    [InlineData("""{"query": {"a": ["b", 1]}}""", "/request/query/a")]
    [InlineData("""{"query": {"a": "\udc00"}}""", "/request/query/a")]
    [InlineData("""{"query": {"a": {"b": "c"}}}""", "/request/query/a")]
    public async Task What_cannot_be_sent_is_refused_at_the_door(string request, string pointer)
    {
        using var response = await service.SubmitAsync($$$"""{"queue": "api", "request": {{{request}}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(pointer, problem.RootElement.GetProperty("errors")[0].GetProperty("pointer").GetString());
    }

    [Fact]
    public async Task Half_a_surrogate_pair_costs_nobody_its_submission()
    {
        var submissions = Enumerable.Range(0, 100).Select(i => service.SubmitAsync(
            i % 20 == 7 ? """{"queue": "api", "request": {"body": {"x": "\ud800"}}}""" : $$"""{"queue": "api", "payload": {{i}}}"""));

        foreach (var response in await Task.WhenAll(submissions))
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Fact]
    public async Task A_batch_of_which_nothing_was_taken_in_has_not_succeeded()
    {
        using var content = new StringContent("""{"queue": "api", "request": {"bodyText": "\ud800"}}""", Encoding.UTF8, "application/x-ndjson");
        using var refused = await service.Client.PostAsync("/v1/batches", content, TestContext.Current.CancellationToken);
        using var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var batch = problem.RootElement.GetProperty("batch").GetString();

        using var response = await service.SendAsync(HttpMethod.Get, $"/v1/batches/{batch}");
        using var view = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal("cancelled", view.RootElement.GetProperty("state").GetString());
    }

    private async Task<WireRequest> CallAsync(string path, string type, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, type);
        using var response = await service.Client.PostAsync(path, content, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await api.FirstRequest;
    }
}
