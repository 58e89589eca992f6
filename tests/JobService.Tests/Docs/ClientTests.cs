using System.Diagnostics;
using System.Runtime.CompilerServices;
using JobService.Tests.Support;

namespace JobService.Tests.Docs;

/// <summary>Clients that are generated from the document compile and call the service: one for C#, one for TypeScript. <c>scripts/check-clients.sh</c> without arguments tries two more.</summary>
public sealed class ClientTests(ServiceFixture service) : IClassFixture<ServiceFixture>
{
    // Tools, packages and two compilers: minutes where nothing is cached and others compile.
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("nswag", "NSwag: all calls as they should be")]
    [InlineData("openapi-fetch", "openapi-fetch: all calls as they should be")]
    public async Task A_generated_client_compiles_and_calls(string client, string last)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec bash \"$0\" \"$1\" 2>&1 </dev/null", Path.Combine(Root(), "scripts", "check-clients.sh"), client])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment = { ["SERVICE"] = service.Address.ToString().TrimEnd('/') },
        };
        using var process = Process.Start(start)!;
        using var hang = new CancellationTokenSource(Hang);
        try
        {
            var printed = await process.StandardOutput.ReadToEndAsync(hang.Token);
            await process.WaitForExitAsync(hang.Token);
            Assert.True(process.ExitCode == 0 && printed.Contains(last, StringComparison.Ordinal), printed);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
