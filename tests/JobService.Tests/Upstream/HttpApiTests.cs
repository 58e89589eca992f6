using JobService.Jobs;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Time.Testing;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

public sealed class HttpApiTests
{
    [Fact]
    public async Task A_job_without_a_request_is_a_POST_of_its_payload_to_the_base_address()
    {
        await using var server = new RawTcpApi(Respond(201, """{"ok":true}""", "Content-Type: application/json"));
        await using var api = Calls.Http(server.Address + "/v2");

        var response = await api.RespondedAsync();

        Assert.Equal((201, "application/json", """{"ok":true}""", null), (response.Status, response.ContentType, response.Text(), response.Hint.RetryAfter));
        Assert.Equal("POST /v2 HTTP/1.1", server.OnlyRequest.RequestLine);
        Assert.Equal("""{"n":1}""", server.OnlyRequest.Text);
        Assert.Equal(["application/json"], server.OnlyRequest.Header("Content-Type"));
    }

    [Fact]
    public async Task A_request_appends_its_path_and_its_escaped_query()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address + "/v2/");

        await api.RespondedAsync(Calls.Of(new ApiRequest
        {
            Method = "GET",
            Path = "/items/7",
            Query = new Dictionary<string, QueryValue> { ["a b"] = "1&2=3\r\nX: y", ["q"] = new(["ü", "", "w"]), ["b"] = "2" },
        }));

        Assert.Equal("GET /v2/items/7?a%20b=1%262%3D3%0D%0AX%3A%20y&q=%C3%BC&q=&q=w&b=2 HTTP/1.1", server.OnlyRequest.RequestLine);
        Assert.Empty(server.OnlyRequest.Body);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("get", "")]
    [InlineData("HEAD", "")]
    [InlineData("DELETE", "")]
    [InlineData("PUT", """{"n":1}""")]
    [InlineData("PURGE", """{"n":1}""")]
    public async Task The_payload_is_the_body_of_methods_that_have_one(string method, string body)
    {
        await using var server = new RawTcpApi(Head(204));
        await using var api = Calls.Http(server.Address);

        await api.RespondedAsync(Calls.Of(new ApiRequest { Method = method }));

        Assert.Equal(body, server.OnlyRequest.Text);
        Assert.Equal([$"{body.Length}"], server.OnlyRequest.Header("Content-Length"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("A B")]
    [InlineData("GET\r\nX:")]
    [InlineData("CONNECT")]
    [InlineData("trace")]
    public async Task What_is_no_method_is_not_sent(string method)
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address);

        Assert.False((await api.BrokenAsync(Calls.Of(new ApiRequest { Method = method }))).MayRetry);
        Assert.Equal(0, server.ConnectionCount);
    }

    [Fact]
    public async Task A_request_may_have_a_body_of_its_own()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address);
        await api.RespondedAsync(Calls.Of(new ApiRequest { Method = "DELETE", Body = """{"own": [1, 2.50]}"""u8.ToArray() }));

        Assert.Equal("""{"own": [1, 2.50]}""", server.OnlyRequest.Text);
    }

    [Fact]
    public async Task Every_call_names_its_job()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address);

        await api.RespondedAsync(Calls.Of() with { Attempt = 3 });

        Assert.Equal(["01890a5d-ac96-774b-bcce-b302099a8057"], server.OnlyRequest.Header("X-Job-Id"));
        Assert.Equal(["3"], server.OnlyRequest.Header("X-Job-Attempt"));
        Assert.Equal(["\"01890a5d-ac96-774b-bcce-b302099a8057\""], server.OnlyRequest.Header("Idempotency-Key"));
    }

    [Fact]
    public async Task A_header_of_the_request_replaces_that_of_the_queue()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address, new() { ["user-agent"] = new HeaderValue.Text("queue"), ["X-Q"] = new HeaderValue.Text("q") });

        await api.RespondedAsync(Calls.Of(new ApiRequest
        {
            Headers = new Dictionary<string, string> { ["User-Agent"] = "job (a; b)", ["content-type"] = "text/x-own" },
        }));

        Assert.Equal(["job (a; b)"], server.OnlyRequest.Header("User-Agent"));
        Assert.Equal(["text/x-own"], server.OnlyRequest.Header("Content-Type"));
        Assert.Equal(["q"], server.OnlyRequest.Header("X-Q"));
    }

    [Fact]
    public async Task A_redirect_is_an_answer_and_is_not_followed()
    {
        await using var elsewhere = new RawTcpApi(Respond());
        await using var server = new RawTcpApi(Respond(302, "", $"Location: {elsewhere.Address}/"));
        await using var api = Calls.Http(server.Address);

        var response = await api.RespondedAsync();

        Assert.Equal(302, response.Status);
        Assert.Single(server.Requests);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task Cookies_are_not_kept()
    {
        await using var server = new RawTcpApi(Respond(200, "{}", "Set-Cookie: session=1; Path=/"));
        await using var api = Calls.Http(server.Address);

        await api.RespondedAsync();
        await api.RespondedAsync();

        Assert.All(server.Requests, request => Assert.Empty(request.Header("Cookie")));
    }

    [Fact]
    public async Task A_connection_is_used_again()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address);

        for (var call = 0; call < 5; call++)
            await api.RespondedAsync();

        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task A_wait_that_the_answer_asks_for_is_handed_on()
    {
        await using var server = new RawTcpApi(Respond(429, "slow down", "Retry-After: 17"));
        await using var api = Calls.Http(server.Address, time: new FakeTimeProvider());

        var response = await api.RespondedAsync();

        Assert.Equal((429, TimeSpan.FromSeconds(17), "slow down"), (response.Status, response.Hint.RetryAfter, response.Text()));
    }

    [Fact]
    public async Task What_may_not_start_is_not_sent()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address);

        var response = await api.CallAsync(Calls.Of(), static () => false, Calls.Cancel);

        Assert.IsType<CallResult.NotStarted>(response);
        Assert.Equal(0, server.ConnectionCount);
    }

    [Theory]
    [InlineData("@elsewhere/")]
    [InlineData("/../secret")]
    [InlineData("/%2e%2e/secret")]
    [InlineData("/a/..\\..\\secret")]
    [InlineData("/..%2f..%2fsecret/%2e%2e/%2e%2e/%2e%2e/x")]
    public async Task A_path_does_not_lead_out_of_the_base_address(string path)
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http(server.Address + "/tenant");

        var broken = await api.BrokenAsync(Calls.Of(new ApiRequest { Path = path }));

        Assert.False(broken.MayRetry);
        Assert.Empty(server.Requests);
    }
}
