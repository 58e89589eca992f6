using Microsoft.Playwright;

namespace JobService.Tests.Support;

/// <summary>Debian's Chromium without a window.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly float Hang = (float)Patience.Hang.TotalMilliseconds;

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private Chromium(IPlaywright playwright, IBrowser browser)
    {
        this.playwright = playwright;
        this.browser = browser;
    }

    public static async Task<Chromium> StartAsync(params string[] arguments)
    {
        Assertions.SetDefaultExpectTimeout(Hang);
        var driver = await Playwright.CreateAsync();
        // Root may not use the sandbox; the pages are our own.
        return new Chromium(driver, await driver.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", ChromiumSandbox = false, Args = arguments }));
    }

    public async Task<IPage> OpenAsync()
    {
        var page = await browser.NewPageAsync();
        page.SetDefaultTimeout(Hang);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
