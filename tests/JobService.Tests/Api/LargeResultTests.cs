using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>Results beyond what stands inline go out in pieces, and look the same.</summary>
public sealed class LargeResultTests : IAsyncDisposable
{
    private const int Large = 1_300_000;

    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" });
    private readonly CancellationToken hang = TestContext.Current.CancellationToken;
    private RawTcpApi? api;

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        if (api is not null)
            await api.DisposeAsync();
    }

    [Theory]
    [InlineData(65_537)]
    [InlineData(2 * 128 * 1024)]
    [InlineData(Large)]
    public async Task It_comes_whole_and_with_its_length(int length)
    {
        var text = string.Concat(Enumerable.Range(0, (length / 8) + 1).Select(i => $"{i:d8}"))[..length];
        var path = await ResultOfAsync(text, "text/plain");

        using var response = await service.SendAsync(HttpMethod.Get, path);
        using var head = await service.SendAsync(HttpMethod.Head, path);

        Assert.Equal(SHA256.HashData(Encoding.ASCII.GetBytes(text)), SHA256.HashData(await response.Content.ReadAsByteArrayAsync(hang)));
        Assert.Equal((length, "text/plain", "sandbox"), (response.Content.Headers.ContentLength, response.Content.Headers.ContentType?.ToString(), response.Headers.GetValues("Content-Security-Policy").Single()));
        Assert.Equal((HttpStatusCode.OK, length), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    [Theory]
    [InlineData("[\"", "\"]", "application/json", "application/json")]
    [InlineData("[\"", "\"", "application/json", "text/plain; charset=utf-8")]
    [InlineData("\uFEFF[\"", "\"]", "application/vnd.api+json", "application/vnd.api+json")]
    [InlineData("[\"", "\0\"]", "application/json", "text/plain; charset=utf-8")]
    [InlineData("[\"", "\"", "text/html", "text/html")]
    [InlineData("[\"", "\"", null, "application/octet-stream")]
    public async Task What_is_called_json_and_is_none_is_text_however_late_that_shows(string first, string last, string? given, string type)
    {
        using var response = await service.SendAsync(HttpMethod.Get, await ResultOfAsync(first + new string('x', Large) + last, given));

        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task It_is_cut_short_when_its_job_is_pruned_while_a_client_reads()
    {
        var path = await ResultOfAsync(new string('x', 9_900_000), "text/plain");
        using var client = await SlowClient.SendAsync(new IPEndPoint(IPAddress.Loopback, service.Address.Port), $"GET {path}\r\n", default, hang);
        await client.BeginAsync(hang);

        Assert.Equal(1, (await service.Store.PruneAsync(service.Store.Now.AddSeconds(1), 10)).Deleted);

        var read = 0L;
        while (await client.ReadAsync(hang) is > 0 and var some)
            read += some;
        Assert.InRange(read, 1, 9_000_000);
        using var after = await service.SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
    }

    /// <returns>The path of the result of a job that got this response.</returns>
    private async Task<string> ResultOfAsync(string body, string? contentType)
    {
        var type = contentType is null ? "" : $"Content-Type: {contentType}\r\n";
        var bytes = Encoding.UTF8.GetBytes(body);
        api = new RawTcpApi(async (connection, stop) =>
        {
            await connection.SendAsync($"HTTP/1.1 200 OK\r\n{type}Content-Length: {bytes.Length}\r\n\r\n", stop);
            await connection.SendAsync(bytes, stop);
        });
        await service.PutAsync("/v1/queues/api", $$$"""{"target": {"kind": "http", "baseAddress": "{{{api.Address}}}"}}""");
        using var submitted = await service.SubmitAsync("""{"queue": "api", "payload": 1}""", ("Prefer", "wait=30"));
        using var job = JsonDocument.Parse(await submitted.Content.ReadAsStringAsync(hang));
        Assert.Equal("succeeded", job.RootElement.GetProperty("state").GetString());
        return $"/v1/jobs/{job.RootElement.GetProperty("id").GetString()}/result";
    }
}
