using System.Net.Http.Json;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>A private authority is trusted as docs/jobs.md says, and what is wrong with a certificate stands in the job's error. In a process of its own: authorities are read from its environment.</summary>
[Collection(JudgesAlone.Name)]
public sealed class TlsTests : IAsyncLifetime
{
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-tls-");
    private readonly TestAuthority authority = new();
    private ServerProcess service = null!;

    public async ValueTask InitializeAsync() => service = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        authority.Dispose();
        data.Delete(recursive: true);
    }

    [Fact]
    public async Task A_private_authority_is_trusted_and_the_error_names_what_is_wrong()
    {
        await using var good = new TlsApi(authority.Issue("localhost"));
        await using var expired = new TlsApi(authority.Issue("localhost", days: (-3, -1)));
        await using var early = new TlsApi(authority.Issue("localhost", days: (2, 3)));
        await using var other = new TlsApi(authority.Issue("other.example"));
        await using var closed = new TlsApi(authority.Issue("localhost"), wantsCertificate: true);
        using var strangers = new TestAuthority("Strangers");
        await using var unknown = new TlsApi(strangers.Issue("localhost"));

        Assert.Equal("true", await CallAsync(good.Address));
        Assert.Matches("^The certificate of CN=localhost is valid from .* to .* UTC: it has expired, or is not valid yet\\.$", await CallAsync(expired.Address));
        Assert.Contains("not valid yet", await CallAsync(early.Address), StringComparison.Ordinal);
        Assert.Equal("The certificate is for other.example, not for localhost.", await CallAsync(other.Address));
        Assert.Contains("asked for a client certificate", await CallAsync(closed.Address), StringComparison.Ordinal);
        Assert.StartsWith("The authority that issued the certificate is not trusted here: CN=Strangers.", await CallAsync(unknown.Address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Through_a_proxy_too()
    {
        await using var good = new TlsApi(authority.Issue("localhost"));
        await using var proxy = new ProxyServer(good.Port);
        await service.DisposeAsync();
        service = await StartAsync(("JobService:Upstream:Proxy", proxy.Address));

        Assert.Equal("true", await CallAsync(good.Address));
        Assert.Equal($"CONNECT localhost:{good.Port} HTTP/1.1", Assert.Single(proxy.Lines));
        Assert.Contains($"use the proxy {proxy.Address}", service.Output, StringComparison.Ordinal);
    }

    private async Task<ServerProcess> StartAsync(params (string Name, string Value)[] settings)
    {
        var pem = Path.Combine(data.FullName, "authorities.pem");
        await File.WriteAllTextAsync(pem, authority.Pem);
        return await JobServiceProcess.StartAsync(data, settings.Append(("SSL_CERT_FILE", pem)).ToDictionary(setting => setting.Item1, setting => setting.Item2));
    }

    /// <returns>The result, or the error's detail.</returns>
    private async Task<string> CallAsync(string address)
    {
        var hang = TestContext.Current.CancellationToken;
        using var queue = await service.Client.PutAsJsonAsync("/v1/queues/tls", new { target = new { kind = "http", baseAddress = address }, retry = new { maxAttempts = 1 } }, hang);
        Assert.True(queue.IsSuccessStatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = JsonContent.Create(new { queue = "tls", payload = 1 }), Headers = { { "Prefer", "wait=20" } } };
        using var response = await service.Client.SendAsync(request, hang);
        var job = await response.Content.ReadFromJsonAsync<JsonElement>(hang);
        return job.TryGetProperty("result", out var result) ? result.GetRawText() : job.GetProperty("error").GetProperty("detail").GetString()!;
    }
}
