using System.Net;
using JobService.Api;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>Names under which a service without a key may be called on its own machine.</summary>
public sealed class HostGateTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.1:8080", true)]
    [InlineData("[::1]:8080", true)]
    [InlineData("192.168.7.3", true)]
    [InlineData("localhost", true)]
    [InlineData("LocalHost.:9090", true)]
    [InlineData("jobs.example.com", true)]
    [InlineData("JOBS.example.com.:8080", true)]
    [InlineData("a.apps.example.com", true)]
    [InlineData("apps.example.com", false)]
    [InlineData("jobs.example.com.evil.org", false)]
    [InlineData("localhost.evil.org", false)]
    [InlineData("evil.localhost", false)]
    [InlineData("127.0.0.1.nip.io", false)]
    [InlineData("evil.org", false)]
    public async Task Only_addresses_localhost_and_configured_names_are_accepted(string host, bool isKnown)
    {
        await using var service = ServiceFixture.With(new Dictionary<string, string>
        {
            ["JobService:AllowedHosts:0"] = "jobs.example.com",
            ["JobService:AllowedHosts:1"] = "*.apps.example.com",
        });

        foreach (var path in (string[])["/v1/queues", "/openapi/v1.json", "/readyz", "/swagger/index.html", "/nothing"])
        {
            using var response = await AskAsync(service, path, host);
            Assert.Equal((path, isKnown), (path, response.StatusCode != HttpStatusCode.MisdirectedRequest));
        }
    }

    [Fact]
    public async Task A_change_under_another_name_is_not_made_and_the_problem_says_what_to_do()
    {
        await using var service = new ServiceFixture();

        using var response = await service.SendAsync(HttpMethod.Post, "/v1/queues/default/pause", null, ("Host", "evil.org"), ("X-Forwarded-Host", "localhost"));

        Assert.Equal((HttpStatusCode.MisdirectedRequest, "/problems/unknown-host"), (response.StatusCode, (await ProblemJson.ReadAsync(response)).Type));
        Assert.Contains("JobService:AllowedHosts", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.False(service.Store.Catalog.Queues["default"].Paused);
    }

    [Theory]
    [InlineData("JobService:ApiKey", "s3cret")]
    [InlineData("JobService:AllowedHosts:0", "*")]
    public async Task With_a_key_or_by_the_will_of_the_operator_any_name_will_do(string setting, string value)
    {
        await using var service = ServiceFixture.With(new Dictionary<string, string> { [setting] = value });

        using var response = await AskAsync(service, "/v1/queues", "whatever.example.com");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(null, 421)]
    [InlineData("rebind.test", 200)]
    public async Task A_page_whose_name_was_pointed_at_this_machine_reads_and_changes_nothing_in_a_browser(string? allowed, int status)
    {
        await using var service = ServiceFixture.With(allowed is null ? [] : new Dictionary<string, string> { ["JobService:AllowedHosts:0"] = allowed });
        await using var chromium = await Chromium.StartAsync("--host-resolver-rules=MAP rebind.test 127.0.0.1");
        var page = await chromium.OpenAsync();

        // For the browser, page and service are of one origin now: no preflight, and 'same-origin' in every request.
        var opened = await page.GotoAsync($"http://rebind.test:{service.Address.Port}/v1/queues");
        var read = await page.EvaluateAsync<int>("fetch('/v1/queues').then(answer => answer.status)");
        var changed = await page.EvaluateAsync<int>("fetch('/v1/queues/default/pause', { method: 'POST', headers: { 'x-forwarded-host': 'localhost' } }).then(answer => answer.status)");

        Assert.Equal((status, status, status), (opened!.Status, read, changed));
        Assert.Equal(status == 200, service.Store.Catalog.Queues["default"].Paused);
    }

    [Theory]
    [InlineData("jobs.example.com", true)]
    [InlineData("*.example.com", true)]
    [InlineData("*", true)]
    [InlineData("https://jobs.example.com", false)]
    [InlineData("jobs.example.com:8080", false)]
    [InlineData("jobs.example.com/", false)]
    [InlineData("", false)]
    public void A_host_is_a_name_alone(string name, bool isOne) =>
        Assert.Equal(isOne, new SectionCheck<ApiOptions>(ApiOptions.Section).Validate(null, new ApiOptions { AllowedHosts = [name] }).Succeeded);

    private static Task<HttpResponseMessage> AskAsync(ServiceFixture service, string path, string host) =>
        service.SendAsync(HttpMethod.Get, path, null, ("Host", host), ("Authorization", "Bearer s3cret"));
}
