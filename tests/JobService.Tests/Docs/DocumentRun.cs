using System.Diagnostics;
using System.Text.RegularExpressions;
using JobService.Tests.Support;

namespace JobService.Tests.Docs;

/// <summary>All shell examples of a document, in its order, in one shell against a service with an empty database, as a reader would type them.</summary>
/// <remarks>An example is a block marked <c>sh</c> that calls curl. A block marked <c>json</c> below it is part of what the example prints, with "…" for anything.</remarks>
internal static partial class DocumentRun
{
    private const string Separator = "-----8<-----";

    // The APIs that documents name; a local one takes their place.
    private static readonly string[] namedApis = ["https://api.github.com", "https://pets.example.com", "https://example.com"];

    // A document takes 10 s at most when the machine is its own.
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(120);

    /// <summary>The examples of a document.</summary>
    public static IReadOnlyList<Example> ExamplesOf(string document)
    {
        var blocks = DocumentBlocks.Of(document).ToArray();
        return [.. blocks.Select((block, index) => (block, Below: blocks.ElementAtOrDefault(index + 1)))
            .Where(pair => IsExample(pair.block))
            .Select(pair => new Example(pair.block.Heading, pair.block.Text, pair.Below is { Language: "json" } below ? below.Text.Trim() : null))];
    }

    /// <summary>Runs the examples until one fails.</summary>
    /// <returns>What each has printed, and the calls that failed.</returns>
    public static async Task<(IReadOnlyList<string> Printed, string Failures)> RunAsync(string document)
    {
        var folder = Directory.CreateTempSubdirectory("jobservice-document-");
        try
        {
            await using var api = new RawTcpApi(WireReplies.Respond());
            await using var service = await JobServiceProcess.StartAsync(folder);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "failures"), "");
            var code = string.Concat(ExamplesOf(document).Select(example => $"{example.Code}\nwait\necho '{Separator}'\n")).Replace("localhost:8080", $"{service.Address}", StringComparison.Ordinal);
            code = namedApis.Aggregate(code, (text, named) => text.Replace(named, api.Address, StringComparison.Ordinal));

            var printed = await RunAsync(folder, Prelude + code);
            return (printed.Split(Separator), await File.ReadAllTextAsync(Path.Combine(folder.FullName, "failures")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Whether the output has the part that the document shows.</summary>
    public static bool Shows(string printed, string part) =>
        Regex.IsMatch(printed, string.Join(".*?", part.Split('…').Select(Regex.Escape)), RegexOptions.Singleline, TimeSpan.FromSeconds(5));

    // Every call has to succeed, also within a pipe. 28 is the end of what was to last a while only.
    private const string Prelude = """
        set -eu
        curl() {
          local code=0
          command curl --fail-with-body --max-time 60 "$@" || code=$?
          if [ "$code" = 0 ] || { [ "$code" = 28 ] && [[ " $* " = *" --max-time "* ]]; }; then return 0; fi
          echo "$code: curl $*" >>failures
          return "$code"
        }

        """;

    private static bool IsExample(DocumentBlock block) => block.Language == "sh" && CallsCurl().IsMatch(block.Text);

    private static async Task<string> RunAsync(DirectoryInfo folder, string code)
    {
        var file = Path.Combine(folder.FullName, "document.sh");
        await File.WriteAllTextAsync(file, code);
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec bash document.sh 2>&1 </dev/null"]) { WorkingDirectory = folder.FullName, UseShellExecute = false, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        using var hang = new CancellationTokenSource(HangGuard);
        try
        {
            var printed = await process.StandardOutput.ReadToEndAsync(hang.Token);
            await process.WaitForExitAsync(hang.Token);
            return process.ExitCode == 0 ? printed : $"{printed}\nExit code {process.ExitCode}\n";
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [GeneratedRegex(@"^[^#\n]*\bcurl ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex CallsCurl();
}

/// <param name="Heading">Of the section it stands in.</param>
/// <param name="Code">To be copied.</param>
/// <param name="Shown">Part of what it prints, with "…" for anything; null when the document shows nothing.</param>
internal sealed record Example(string Heading, string Code, string? Shown);
