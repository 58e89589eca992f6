namespace JobService.Tests.Support;

/// <summary>A <see cref="LimiterRig"/> in a process of its own. Its own access log is the evidence.</summary>
internal sealed class RunningLimiter : IAsyncDisposable
{
    private const int WarmUpCalls = 5;

    /// <summary>Of those that count in whole seconds of the clock.</summary>
    private static readonly TimeSpan LongestWindow = TimeSpan.FromSeconds(2.1);

    private readonly DirectoryInfo folder;
    private readonly ServerProcess process;

    private RunningLimiter(DirectoryInfo folder, ServerProcess process)
    {
        this.folder = folder;
        this.process = process;
    }

    public string BaseAddress => $"http://{process.Address}";

    public HttpClient Client => process.Client;

    public static async Task<RunningLimiter> StartAsync(LimiterRig rig)
    {
        var own = Directory.CreateTempSubdirectory("jobservice-limiter-");
        var port = FreePort.Next();
        var environment = new Dictionary<string, string> { ["PORT"] = $"{port}", ["FOLDER"] = own.FullName, ["ACCESS_LOG"] = AccessLog(own) };
        var start = Path.Combine(LimiterRig.Folder, "start.sh");
        var limiter = new RunningLimiter(own, await ServerProcess.StartAsync(["bash", start, rig.Name], own, port, "/__ready", environment));
        await limiter.WarmUpAsync();
        return limiter;
    }

    /// <summary>Ends the limiter, so that its log is whole, and reads it.</summary>
    public async Task<LimiterReport> StopAndReportAsync()
    {
        await process.StopAsync();
        return LimiterReport.Read(AccessLog(folder));
    }

    /// <summary>The first calls of a program take it tens of milliseconds, and it notes them that much later than they came: an API that is in use does not. They are no job's, and forgotten when all windows are over.</summary>
    private async Task WarmUpAsync()
    {
        foreach (var response in await Task.WhenAll(Enumerable.Range(0, WarmUpCalls).Select(_ => Client.GetAsync(new Uri("/", UriKind.Relative)))))
            response.Dispose();
        using var windows = new PeriodicTimer(LongestWindow, TimeProvider.System);
        await windows.WaitForNextTickAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static string AccessLog(DirectoryInfo folder) => Path.Combine(folder.FullName, "access.log");
}
