using System.Net;
using System.Net.Sockets;
using System.Text;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>What HTTP itself says no to, with a problem document each.</summary>
public sealed class HttpEdgeTests(ServiceFixture service) : IClassFixture<ServiceFixture>
{
    [Theory]
    [InlineData("GET", "/v1/nothing", 404, "/problems/not-found")]
    [InlineData("GET", "/nothing", 404, "/problems/not-found")]
    [InlineData("GET", "/problems/nothing", 404, "/problems/not-found")]
    [InlineData("GET", "/openapi/v2.json", 404, "/problems/not-found")]
    [InlineData("PATCH", "/v1/jobs", 405, "/problems/method-not-allowed")]
    [InlineData("DELETE", "/v1/jobs/01a20539-d57e-7000-9a29-9c66eee1a4f3", 405, "/problems/method-not-allowed")]
    [InlineData("POST", "/v1/limits/default", 405, "/problems/method-not-allowed")]
    public async Task Unknown_addresses_and_methods_have_problems(string method, string path, int status, string type)
    {
        using var response = await service.SendAsync(new HttpMethod(method), path);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(type, (await ProblemJson.ReadAsync(response)).Type);
        Assert.Equal(status == 405, response.Content.Headers.Allow.Count > 0);
    }

    [Theory]
    [InlineData("PATCH", "/v1/jobs", "GET HEAD POST")]
    [InlineData("PUT", "/livez", "GET HEAD")]
    [InlineData("GET", "/v1/queues/default/map", "POST")]
    public async Task The_methods_of_a_resource_name_HEAD_where_GET_is_one(string method, string path, string allowed)
    {
        using var response = await service.SendAsync(new HttpMethod(method), path);

        Assert.Equal(405, (int)response.StatusCode);
        Assert.Equal(allowed, string.Join(' ', response.Content.Headers.Allow.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("/v1/queues/default/map", "application/json", "Send one JSON object per line, with 'Content-Type: application/x-ndjson'.")]
    [InlineData("/v1/queues/default/map/", null, "Send one JSON object per line, with 'Content-Type: application/x-ndjson'; no content type was given.")]
    [InlineData("/v1/batches", "text/plain", "Send one JSON document with 'Content-Type: application/json', or one JSON object per line with 'Content-Type: application/x-ndjson'.")]
    [InlineData("/v1/jobs", "text/plain", "Send the body as JSON in UTF-8, uncompressed, with the header 'Content-Type: application/json'.")]
    public async Task The_media_type_that_is_asked_for_is_that_of_the_resource(string path, string? type, string detail)
    {
        using var content = new ByteArrayContent("{\"payload\":1}"u8.ToArray());
        if (type is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await service.Client.PostAsync(path, content, TestContext.Current.CancellationToken);

        Assert.Equal(415, (int)response.StatusCode);
        Assert.Equal(detail, (await response.JsonAsync()).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Large_headers_are_431_and_long_addresses_414()
    {
        using var headers = await service.SendAsync(HttpMethod.Get, "/v1/queues", null, ("X-Large", new string('x', 17 * 1024)));
        using var address = await service.SendAsync(HttpMethod.Get, "/v1/jobs?key=" + new string('x', 9 * 1024));

        Assert.Equal((431, 414), ((int)headers.StatusCode, (int)address.StatusCode));
        Assert.Equal("/problems/headers-too-large", (await ProblemJson.ReadAsync(headers)).Type);
        Assert.Equal("/problems/address-too-long", (await ProblemJson.ReadAsync(address)).Type);
    }

    [Fact]
    public async Task Many_headers_are_431()
    {
        using var response = await service.SendAsync(HttpMethod.Get, "/v1/queues", null, [.. Enumerable.Range(0, 70).Select(i => ($"X-{i}", "1"))]);

        Assert.Equal(431, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("GET /v1/jobs/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /v1/jobs HTTP/1.1\r\n\r\n")]
    [InlineData("NONSENSE\r\n\r\n")]
    [InlineData("POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n80000000\r\n")]
    [InlineData("POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFFFFFFF\r\n")]
    [InlineData("POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFF\r\n")]
    public async Task What_is_no_http_is_400(string raw) => Assert.StartsWith("HTTP/1.1 400 ", await SpeakAsync(raw), StringComparison.Ordinal);

    [Fact]
    public async Task A_body_that_is_cut_takes_no_job_in()
    {
        await service.PutAsync("/v1/queues/cut", "{}");
        await SpeakAsync("POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{\"queue\":\"cut\",\"payload\":1}", thenHangUp: true);

        using var response = await service.SendAsync(HttpMethod.Get, "/v1/jobs?queue=cut");
        Assert.Equal(0, (await response.JsonAsync()).GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("/v1/jobs")]
    [InlineData("/v1/queues/default")]
    [InlineData("/livez")]
    [InlineData("/openapi/v1.json")]
    public async Task Head_is_get_without_the_body(string path)
    {
        using var response = await service.SendAsync(HttpMethod.Head, path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    public async Task A_fresh_service_is_alive_and_ready(string path)
    {
        using var response = await service.SendAsync(HttpMethod.Get, path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("ok", (await response.JsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Every_problem_type_is_served_for_people_and_programs()
    {
        foreach (var type in ProblemTypes.All)
        {
            using var page = await service.SendAsync(HttpMethod.Get, type, null, ("Accept", "text/html"));
            using var json = await service.SendAsync(HttpMethod.Get, type, null, ("Accept", "application/json"));

            Assert.Equal((HttpStatusCode.OK, "text/html"), (page.StatusCode, page.Content.Headers.ContentType?.MediaType));
            Assert.Equal(type, (await json.JsonAsync()).GetProperty("type").GetString());
        }
    }

    /// <summary>Sends as it is and reads until the service closes: a connection whose client has closed its half counts as gone.</summary>
    private async Task<string> SpeakAsync(string raw, bool thenHangUp = false)
    {
        using var hang = new CancellationTokenSource(Patience.Hang);
        using var socket = new TcpClient();
        await socket.ConnectAsync(service.Address.Host, service.Address.Port, hang.Token);
        await socket.Client.SendAsync(Encoding.ASCII.GetBytes(raw), hang.Token);
        using var reader = new StreamReader(socket.GetStream());
        if (thenHangUp)
            socket.Client.Shutdown(SocketShutdown.Send);
        try
        {
            return await reader.ReadToEndAsync(hang.Token);
        }
        catch (IOException) when (thenHangUp)
        {
            // A reset is an end as well.
            return "";
        }
    }
}

/// <summary>The addresses of all problem types that the service knows.</summary>
internal static class ProblemTypes
{
    public static IEnumerable<string> All => JobService.Api.ProblemType.All.Keys.Select(name => "/problems/" + name);
}
