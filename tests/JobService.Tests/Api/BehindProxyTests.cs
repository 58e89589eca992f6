using JobService.Api;
using JobService.Api.Http;
using JobService.Jobs;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobService.Tests.Api;

/// <summary>The service as its clients see it through a proxy; the proxies themselves run in ProxyTests.</summary>
public sealed class BehindProxyTests : IAsyncDisposable
{
    private readonly LogLines<ChangeLog> changes = new();
    private ServiceFixture? begun;

    public ValueTask DisposeAsync() => begun?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>A proxy that leaves the path on, one that takes it off, and one that takes it off and says so.</summary>
    [Theory]
    [InlineData("/jobservice", "/jobservice/v1/limits/a", null, "/jobservice")]
    [InlineData("/jobservice", "/v1/limits/a", null, "/jobservice")]
    [InlineData("/a/b", "/a/b/v1/limits/a", null, "/a/b")]
    [InlineData("", "/v1/limits/a", "/jobservice", "/jobservice")]
    [InlineData("", "/jobservice/v1/limits/a", "/jobservice", "/jobservice")]
    [InlineData("", "/v1/limits/a", "/jobservice/", "/jobservice")]
    [InlineData("/other", "/v1/limits/a", "/jobservice", "/jobservice")]
    [InlineData("", "/v1/limits/a", "//evil.example", "")]
    [InlineData("/jobservice", "/v1/limits/a", "//evil.example", "/jobservice")]
    [InlineData("", "/v1/limits/a", "/../x", "")]
    [InlineData("", "/v1/limits/a", "nonsense", "")]
    [InlineData("", "/v1/limits/a", "https://evil.example", "")]
    [InlineData("", "/v1/limits/a", null, "")]
    public async Task Location_begins_with_the_path_under_which_the_service_is_reached(string configured, string path, string? forwarded, string expected)
    {
        var service = Start(("JobService:Proxy:PathBase", configured), ("JobService:Proxy:Trusted:0", "127.0.0.1"));

        using var made = await service.SendAsync(HttpMethod.Put, path, """{"kind":"rate","permits":1}""", forwarded is null ? [] : [("X-Forwarded-Prefix", forwarded)]);

        Assert.Equal((201, expected + "/v1/limits/a"), ((int)made.StatusCode, made.Headers.Location?.ToString()));
    }

    [Fact]
    public async Task So_do_links_pages_and_the_document()
    {
        var service = Start(("JobService:Proxy:PathBase", "/base"));

        using var batch = await service.SendAsync(HttpMethod.Post, "/base/v1/batches", """{"jobs":[{"payload":1},{"payload":2}]}""");
        using var job = await service.SendAsync(HttpMethod.Post, "/base/v1/jobs", """{"payload":1}""", ("Idempotency-Key", "a"));
        using var again = await service.SendAsync(HttpMethod.Post, "/base/v1/jobs", """{"payload":1}""", ("Idempotency-Key", "a"));
        using var list = await service.SendAsync(HttpMethod.Get, "/base/v1/jobs?limit=1");
        using var next = await service.SendAsync(HttpMethod.Get, list.Headers.GetValues("Link").Single().Split('<', '>')[1]);
        using var root = await service.SendAsync(HttpMethod.Get, "/base");
        using var slash = await service.SendAsync(HttpMethod.Get, "/base/");
        using var document = await service.SendAsync(HttpMethod.Get, "/base/openapi/v1.json");
        using var problems = await service.SendAsync(HttpMethod.Get, "/base/problems");
        using var problemsSlash = await service.SendAsync(HttpMethod.Get, "/base/problems/");

        foreach (var response in (HttpResponseMessage[])[batch, job, again])
        {
            var links = (await response.JsonAsync()).GetProperty("links");
            Assert.Equal(response.Headers.Location!.ToString(), links.GetProperty("self").GetString());
            Assert.All(links.EnumerateObject(), link => Assert.StartsWith("/base/v1/", link.Value.GetString(), StringComparison.Ordinal));
        }

        Assert.Equal(2, (await next.JsonAsync()).GetProperty("items").GetArrayLength() + (await list.JsonAsync()).GetProperty("items").GetArrayLength());
        Assert.StartsWith("/base/v1/jobs/", (await list.JsonAsync()).GetProperty("items")[0].GetProperty("links").GetProperty("self").GetString(), StringComparison.Ordinal);
        Assert.Equal(("/base/swagger", "/base/swagger"), (root.Headers.Location!.ToString(), slash.Headers.Location!.ToString()));
        Assert.Equal("/base", (await document.JsonAsync()).GetProperty("servers")[0].GetProperty("url").GetString());
        Assert.Equal("/base", service.Services.GetRequiredService<ServiceRoot>().Path);
        foreach (var page in (HttpResponseMessage[])[problems, problemsSlash])
            Assert.Contains("href=\"/base/problems/queue-full\"", await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", "203.0.113.7", "203.0.113.7")]
    [InlineData("127.0.0.0/8", "203.0.113.7", "203.0.113.7")]
    [InlineData("127.0.0.1", "198.51.100.9, 203.0.113.7", "203.0.113.7")]
    [InlineData("10.0.0.0/8", "203.0.113.7", "127.0.0.1")]
    [InlineData(null, "203.0.113.7", "127.0.0.1")]
    [InlineData("127.0.0.1", "nonsense", "127.0.0.1")]
    public async Task Who_changed_something_is_the_client_and_not_the_proxy_if_that_is_trusted(string? trusted, string forwarded, string client)
    {
        var service = Start(trusted is null ? [] : [("JobService:Proxy:Trusted:0", trusted)]);

        using var put = await service.SendAsync(HttpMethod.Put, "/v1/signals/a", null, ("X-Forwarded-For", forwarded));

        Assert.Equal([$"Signal a: set (by {client})"], changes.Texts);
    }

    [Theory]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.0.0.2", 403)]
    public async Task A_page_of_the_forwarded_host_is_of_the_same_origin(string trusted, int status)
    {
        var service = Start(("JobService:Proxy:Trusted:0", trusted));

        using var put = await service.SendAsync(HttpMethod.Put, "/v1/signals/a", null, ("Origin", "https://jobs.example.com"), ("X-Forwarded-Host", "jobs.example.com"), ("X-Forwarded-Proto", "https"));

        Assert.Equal(status, (int)put.StatusCode);
    }

    [Theory]
    [InlineData("For", "[::1")]
    [InlineData("For", ",,,")]
    [InlineData("For", "unknown, _hidden")]
    [InlineData("Host", "a b")]
    [InlineData("Host", "a/../b")]
    [InlineData("Host", "a, b")]
    [InlineData("Proto", "java script")]
    [InlineData("Prefix", "/%zz")]
    [InlineData("Prefix", "/a?b")]
    [InlineData("Prefix", "/a%2f..%2fb")]
    [InlineData("Prefix", "/a, /b")]
    [InlineData("Prefix", "a")]
    public async Task What_cannot_be_read_is_left_aside(string header, string value)
    {
        var service = Start(("JobService:Proxy:Trusted:0", "127.0.0.1"));

        using var made = await service.SendAsync(HttpMethod.Put, "/v1/limits/a", """{"kind":"rate","permits":1}""", ("X-Forwarded-" + header, value));

        Assert.Equal(201, (int)made.StatusCode);
        Assert.Matches("^(/a)?/v1/limits/a$", made.Headers.Location!.ToString());
    }

    [Theory]
    [InlineData("jobservice")]
    [InlineData("/jobservice/")]
    [InlineData("/")]
    [InlineData("//jobservice")]
    [InlineData("/a//b")]
    [InlineData("/../a")]
    [InlineData("/a b")]
    [InlineData("https://example.com/jobs")]
    public void What_is_no_path_base_is_told_at_the_start(string pathBase) =>
        Assert.Equal(["PathBase"], new ProxyOptions { PathBase = pathBase }.Validate(null!).SelectMany(wrong => wrong.MemberNames));

    [Theory]
    [InlineData("proxy.example.com")]
    [InlineData("10.0.0.0/33")]
    [InlineData("")]
    public void What_is_no_proxy_is_told_at_the_start(string trusted) =>
        Assert.Equal(["Trusted"], new ProxyOptions { Trusted = [trusted] }.Validate(null!).SelectMany(wrong => wrong.MemberNames));

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("10.0.0.0/8")]
    [InlineData("::1")]
    [InlineData("fd00::/8")]
    public void Addresses_and_networks_are_taken(string trusted) => Assert.Empty(new ProxyOptions { Trusted = [trusted], PathBase = "/jobs-1/a_b" }.Validate(null!));

    private ServiceFixture Start(params (string Key, string Value)[] settings) =>
        begun = ServiceFixture.With(settings.ToDictionary(one => one.Key, one => one.Value), services => services.AddSingleton<ILogger<ChangeLog>>(changes));
}
