using System.Diagnostics;

namespace JobService.Tests.Support;

/// <summary>Packages of a folder that has a <c>package-lock.json</c>: what stands there, and no scripts of theirs.</summary>
internal static class Npm
{
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(3);

    public static async Task InstallAsync(string folder)
    {
        var start = new ProcessStartInfo("npm", "ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error")
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var npm = Process.Start(start)!;
        using var hang = new CancellationTokenSource(Hang);
        try
        {
            var (output, error) = (npm.StandardOutput.ReadToEndAsync(hang.Token), npm.StandardError.ReadToEndAsync(hang.Token));
            await npm.WaitForExitAsync(hang.Token);
            if (npm.ExitCode != 0)
                throw new InvalidOperationException($"npm ci in {folder} ended with {npm.ExitCode}:\n{await output}\n{await error}");
        }
        finally
        {
            if (!npm.HasExited)
                npm.Kill(entireProcessTree: true);
        }
    }
}
