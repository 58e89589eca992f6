using System.Diagnostics;
using System.Text.RegularExpressions;
using JobService.Tests.Support;
using Microsoft.Playwright;

namespace JobService.Tests.Docs;

/// <summary>Cooks all recipes on one service with an empty database, in a folder with what the document tells its reader to save.</summary>
/// <remarks>Most of them wait most of the time: two at once, in the order of the document, take little more than half as long.</remarks>
public sealed partial class RecipeKitchen : IAsyncLifetime
{
    private const int Stoves = 2;

    // A recipe takes 25 s at most when the machine is its own.
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(120);

    private readonly SemaphoreSlim stoves = new(Stoves);
    private readonly Dictionary<string, Task<string>> meals = [];
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-recipes-");
    private readonly int http2Port = FreePort.Next();
    private ServerProcess? pages;
    private ServerProcess? service;

    public async ValueTask InitializeAsync()
    {
        foreach (var (name, code) in RecipeBook.Modules)
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), code);

        // The document's own web server, and a service that lets its pages in.
        var port = FreePort.Next();
        pages = await ServerProcess.StartAsync(
            ["python3", "-m", "http.server", $"{port}", "--bind", "127.0.0.1", "--directory", folder.FullName], folder, port, "/");
        var cors = new Dictionary<string, string> { ["JobService:Cors:Origins:0"] = $"http://{pages.Address}" };
        service = await JobServiceProcess.StartAsync(folder, cors, http2Port: http2Port);

        foreach (var recipe in RecipeBook.Recipes)
            meals[recipe.Heading] = CookAsync(recipe);
    }

    /// <returns>All that the recipe has printed, ids and times as "…".</returns>
    internal Task<string> PrintedByAsync(Recipe recipe) => meals[recipe.Heading];

    public async ValueTask DisposeAsync()
    {
        // What failed has been told by its test.
        await Task.WhenAll(meals.Values).ContinueWith(_ => { }, TaskScheduler.Default);
        if (service is not null)
            await service.DisposeAsync();
        if (pages is not null)
            await pages.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private async Task<string> CookAsync(Recipe recipe)
    {
        await stoves.WaitAsync();
        try
        {
            var code = recipe.Code.Replace("localhost:8080", $"{service!.Address}", StringComparison.Ordinal);
            var name = recipe.Language == "sh" ? $"{recipe.Heading}.sh" : RecipeBook.FileName(code);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), code);
            var printed = recipe.Language switch
            {
                "python" => await RunAsync("python3", name),
                "sh" => await RunAsync("bash", "-euo", "pipefail", name),
                "csharp" => await RunAsync("dotnet", "run", name),
                "html" => await ShowAsync(name, recipe.Output),
                _ => throw new InvalidOperationException($"Nobody knows how to run {recipe.Language}."),
            };
            return IdOrTime().Replace(printed, "…");
        }
        finally
        {
            stoves.Release();
        }
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        // Errors among the output, where a reader sees them.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" 2>&1 </dev/null", program, .. arguments])
        {
            WorkingDirectory = folder.FullName,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment = { ["JOBSERVICE"] = $"http://{service!.Address}", ["JOBSERVICE_HTTP2"] = $"http://127.0.0.1:{http2Port}" },
        };
        using var process = Process.Start(start)!;
        using var hang = new CancellationTokenSource(HangGuard);
        try
        {
            var printed = await process.StandardOutput.ReadToEndAsync(hang.Token);
            await process.WaitForExitAsync(hang.Token);
            return process.ExitCode == 0 ? printed : $"{printed}Exit code {process.ExitCode}\n";
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Opens a page and waits until it shows what it should show in the end.</summary>
    private async Task<string> ShowAsync(string name, string expected)
    {
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.OpenAsync();
        await page.GotoAsync($"http://{pages!.Address}/{name}");
        try
        {
            await page.GetByText(expected.TrimEnd().Split('\n')[^1]).WaitForAsync(new() { Timeout = (float)Patience.Hang.TotalMilliseconds });
        }
        catch (TimeoutException)
        {
            // What it shows instead says more.
        }

        return (await page.InnerTextAsync("body")).TrimEnd() + "\n";
    }

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex IdOrTime();
}
