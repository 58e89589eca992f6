using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Callbacks;

/// <summary>A receiver's check by the official npm package <c>standardwebhooks</c>, in node: the judge of our signatures that we have not written.</summary>
public sealed class WebhookVerifier : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-verifier-");

    public async ValueTask InitializeAsync()
    {
        foreach (var file in Directory.EnumerateFiles(Source()))
            File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
        await Npm.InstallAsync(folder.FullName);
    }

    public ValueTask DisposeAsync()
    {
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <returns><c>ok</c> and the event's type, or <c>refused</c> and why.</returns>
    public async Task<string> VerifyAsync(string secret, WireRequest request, string? body = null)
    {
        var headers = ((string[])["webhook-id", "webhook-timestamp", "webhook-signature"]).ToDictionary(name => name, name => Assert.Single(request.Header(name)));
        return (await RunAsync("verify.js", JsonSerializer.Serialize(new { secret, headers, body = body ?? request.Text }))).Trim();
    }

    private async Task<string> RunAsync(string script, string input)
    {
        var start = new ProcessStartInfo("node", script)
        {
            WorkingDirectory = folder.FullName,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        using var process = Process.Start(start)!;
        using var hang = new CancellationTokenSource(Patience.Hang * 3);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(hang.Token), process.StandardError.ReadToEndAsync(hang.Token));
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(hang.Token);
            Assert.True(process.ExitCode == 0, $"{script} ended with {process.ExitCode}:\n{await output}\n{await error}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static string Source([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "verifier");
}
