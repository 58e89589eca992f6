using System.Text.RegularExpressions;
using JobService.Tests.Support;
using Microsoft.Playwright;

namespace JobService.Tests.Api;

/// <summary>Swagger UI as a person uses it, in a browser: what it starts with works, and what it cannot show it says.</summary>
public sealed class SwaggerUiTests(ServiceFixture service) : IClassFixture<ServiceFixture>, IAsyncLifetime
{
    private Chromium chromium = null!;
    private IPage page = null!;

    public async ValueTask InitializeAsync()
    {
        chromium = await Chromium.StartAsync();
        page = await chromium.OpenAsync();
    }

    public ValueTask DisposeAsync() => chromium.DisposeAsync();

    [Theory]
    [InlineData("Jobs", "submitJob", null, "202")]
    [InlineData("Batches", "submitBatch", null, "202")]
    [InlineData("Batches", "submitBatch", "application/x-ndjson", "202")]
    [InlineData("Batches", "mapQueue", null, "200")]
    [InlineData("Queues", "putQueue", null, "200")]
    [InlineData("Queues", "listQueues", null, "200")]
    public async Task An_operation_works_as_it_stands_there(string tag, string operation, string? type, string status)
    {
        var block = await OpenAsync(tag, operation);
        if (type is not null)
            await block.Locator(".opblock-section-request-body select").First.SelectOptionAsync(type);

        await block.Locator("button.execute").ClickAsync();

        Assert.Equal(status, (await block.Locator(".live-responses-table .response-col_status").Last.InnerTextAsync()).Split('\n')[0].Trim());
    }

    [Theory]
    [InlineData("Events", "watchEvents", "/v1/events")]
    [InlineData("Jobs", "watchJob", "/v1/jobs/{id}/events")]
    public async Task A_stream_that_goes_on_says_how_to_watch_it(string tag, string operation, string path)
    {
        var block = await OpenAsync(tag, operation);

        Assert.Contains($"curl -N \"{service.Address.GetLeftPart(UriPartial.Authority)}{path}\"", await block.Locator(".jobservice-watch").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await block.Locator("button.execute").CountAsync());
    }

    [Fact]
    public async Task An_error_is_shown_as_short_as_it_comes()
    {
        var block = await OpenAsync("Jobs", "getJob");

        var example = await block.Locator("tr.response[data-code='404'] pre.example").InnerTextAsync();
        Assert.Contains("/problems/not-found", example, StringComparison.Ordinal);
        Assert.DoesNotContain("maxWeight", example, StringComparison.Ordinal);
    }

    /// <summary>By its link, which opens it.</summary>
    private async Task<ILocator> OpenAsync(string tag, string operation)
    {
        await page.GotoAsync(new Uri(service.Address, $"/swagger/index.html#/{tag}/{operation}").ToString());
        var block = page.Locator($"#operations-{tag}-{operation}");
        await Assertions.Expect(block).ToHaveClassAsync(new Regex("is-open", RegexOptions.None, TimeSpan.FromSeconds(1)));
        return block;
    }
}
