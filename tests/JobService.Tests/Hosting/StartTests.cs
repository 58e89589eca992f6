using System.Diagnostics;
using JobService.Tests.Support;

namespace JobService.Tests.Hosting;

/// <summary>A configuration that is wrong stops the start with everything that is wrong, in plain lines.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task All_faults_of_the_configuration_are_told_at_once()
    {
        var data = Directory.CreateTempSubdirectory("jobservice-");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "JobService.dll")])
        {
            WorkingDirectory = data.FullName,
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["JobService__Storage__RetentionHours"] = "0";
        start.Environment["JobService__Intake__MaxWaitSeconds"] = "abc";
        start.Environment["JobService__Intake__ChannelCapacity"] = "1.5";
        start.Environment["JobService__Dispatch__GraceSeconds"] = "";
        start.Environment["JobService__ApiKey"] = "";
        start.Environment["JobService__Queues__default__MaxConcurrency"] = "none";
        start.Environment["JobService__Limits__default__permits"] = "0";

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(new CancellationTokenSource(Patience.Hang).Token);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains("JobService:Storage:RetentionHours: ", error, StringComparison.Ordinal);
        Assert.Contains("JobService:Intake:MaxWaitSeconds: 'abc' is not a number.", error, StringComparison.Ordinal);
        Assert.Contains("JobService:Intake:ChannelCapacity: '1.5' is not a whole number.", error, StringComparison.Ordinal);
        Assert.Contains("JobService:Dispatch:GraceSeconds: '' is not a number.", error, StringComparison.Ordinal);
        Assert.Contains("JobService:ApiKey: The key is empty.", error, StringComparison.Ordinal);
        Assert.Contains("JobService:Queues:default:MaxConcurrency: A whole number", error, StringComparison.Ordinal);
        Assert.Contains("JobService:Limits:default:permits: From 1 to 1000000.", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error + await output, StringComparison.Ordinal);
        Assert.Empty(data.GetFileSystemInfos());
        data.Delete(recursive: true);
    }
}
