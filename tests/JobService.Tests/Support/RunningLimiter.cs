namespace JobService.Tests.Support;

/// <summary>A <see cref="LimiterRig"/> in a process of its own. Its own access log is the evidence.</summary>
internal sealed class RunningLimiter : IAsyncDisposable
{
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
        return new RunningLimiter(own, await ServerProcess.StartAsync(["bash", start, rig.Name], own, port, "/__ready", environment));
    }

    /// <summary>Ends the limiter, so that its log is whole, and reads it.</summary>
    public async Task<LimiterReport> StopAndReportAsync()
    {
        await process.StopAsync();
        return LimiterReport.Read(AccessLog(folder));
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static string AccessLog(DirectoryInfo folder) => Path.Combine(folder.FullName, "access.log");
}
