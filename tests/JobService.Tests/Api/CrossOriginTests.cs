using System.Net;
using JobService.Api;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>What a browser is told about pages of other origins.</summary>
public sealed class CrossOriginTests
{
    private const string Page = "https://app.example.com";

    private static readonly Dictionary<string, string> settings = new() { ["JobService:Cors:Origins:0"] = Page, ["JobService:ApiKey"] = "s3cret" };

    [Fact]
    public async Task Without_a_configured_origin_no_page_may_read_anything()
    {
        await using var service = new ServiceFixture();

        using var response = await service.SendAsync(HttpMethod.Get, "/v1/queues", null, ("Origin", Page));
        using var question = await AskAsync(service, Page);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Null(Allowed(response));
        Assert.Null(Allowed(question));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, question.StatusCode);
    }

    [Fact]
    public async Task A_configured_origin_may_ask_call_and_read_headers_and_refusals()
    {
        await using var service = ServiceFixture.With(settings);

        using var question = await AskAsync(service, Page);
        Assert.Equal((HttpStatusCode.NoContent, Page), (question.StatusCode, Allowed(question)));
        Assert.Equal("PUT", Assert.Single(question.Headers.GetValues("Access-Control-Allow-Methods")));
        Assert.Equal("authorization,content-type", Assert.Single(question.Headers.GetValues("Access-Control-Allow-Headers")));

        using var response = await service.SendAsync(HttpMethod.Get, "/v1/queues", null, ("Origin", Page), ("Authorization", "Bearer s3cret"));
        Assert.Equal((HttpStatusCode.OK, Page), (response.StatusCode, Allowed(response)));
        Assert.Contains("Retry-After", Assert.Single(response.Headers.GetValues("Access-Control-Expose-Headers")), StringComparison.Ordinal);

        using var refusal = await service.SendAsync(HttpMethod.Get, "/v1/queues", null, ("Origin", Page));
        Assert.Equal((HttpStatusCode.Unauthorized, Page), (refusal.StatusCode, Allowed(refusal)));
    }

    [Theory]
    [InlineData("https://app.example.com.evil.org")]
    [InlineData("http://app.example.com")]
    [InlineData("null")]
    public async Task Any_other_origin_may_not(string origin)
    {
        await using var service = ServiceFixture.With(settings);

        using var question = await AskAsync(service, origin);
        using var response = await service.SendAsync(HttpMethod.Get, "/v1/queues", null, ("Origin", origin), ("Authorization", "Bearer s3cret"));

        Assert.Null(Allowed(question));
        Assert.Null(Allowed(response));
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example.org")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Origin", "null")]
    public async Task A_page_of_another_site_changes_nothing(string field, string value)
    {
        await using var service = new ServiceFixture();

        using var response = await service.SendAsync(HttpMethod.Post, "/v1/queues/default/pause", null, (field, value));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("/problems/cross-site", (await ProblemJson.ReadAsync(response)).Type);
        Assert.False(service.Store.Catalog.Queues["default"].Paused);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", "https://app.example.com")]
    [InlineData("User-Agent", "curl/8.0")]
    public async Task Own_pages_those_of_a_configured_origin_and_programs_may(string field, string value)
    {
        await using var service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Cors:Origins:0"] = Page });

        using var response = await service.SendAsync(HttpMethod.Post, "/v1/queues/default/pause", null, (field, value));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("https://app.example.com", true)]
    [InlineData("http://localhost:8000", true)]
    [InlineData("https://app.example.com/", false)]
    [InlineData("https://app.example.com/page", false)]
    [InlineData("https://app.example.com:443", false)]
    [InlineData("app.example.com", false)]
    [InlineData("ftp://app.example.com", false)]
    [InlineData("*", false)]
    public void An_origin_is_scheme_host_and_port(string origin, bool isOne) =>
        Assert.Equal(isOne, new SectionCheck<CrossOriginOptions>(CrossOriginOptions.Section).Validate(null, new CrossOriginOptions { Origins = [origin] }).Succeeded);

    // What a browser sends before a PUT of another origin.
    private static Task<HttpResponseMessage> AskAsync(ServiceFixture service, string origin) => service.SendAsync(HttpMethod.Options, "/v1/queues/a", null,
        ("Origin", origin), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "authorization,content-type"));

    private static string? Allowed(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? Assert.Single(values) : null;
}
