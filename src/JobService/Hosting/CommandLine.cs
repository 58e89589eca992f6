using System.CommandLine;
using System.CommandLine.Help;
using JobService.Jobs;

namespace JobService.Hosting;

/// <summary>The command line of the program. Without a command it serves.</summary>
internal static class CommandLine
{
    private const int Wrong = 1;

    /// <summary>Framework settings that are allowed there besides those of the service, which are checked with the rest of the configuration.</summary>
    private static readonly string[] ofTheHost =
    [
        "urls", "http_ports", "https_ports", "environment", "contentRoot", "webroot", "applicationName", "preferHostingUrls", "detailedErrors", "shutdownTimeoutSeconds", "startupAssembly",
        "captureStartupErrors", "hostingStartupAssemblies", "hostingStartupExcludeAssemblies", "preventHostingStartup", "suppressStatusMessages",
    ];

    private static readonly string[] sections = ["JobService", "Serilog", "Kestrel", "Logging"];

    /// <summary>Runs the command, unless it is to serve.</summary>
    /// <returns>The exit code; null when the service is to be started.</returns>
    public static async Task<int?> RunAsync(string[] args)
    {
        var serve = new Command("serve", "Serve over HTTP. This is what happens when no command is given.");
        var healthcheck = new Command("healthcheck", "Ask the service on this machine whether it is alive: exit code 0 or 1. It takes the settings of the service, or an address or port.");
        var root = new RootCommand(
            """
            Makes calls to rate-limited APIs: jobs in over HTTP, results out.

            Any setting may stand on the command line, in the environment or in appsettings.json (docs/settings.md lists them):
              --urls http://127.0.0.1:9090                  where it listens; default http://localhost:8080
              --JobService:Storage:Path /data/jobs.db       or JobService__Storage__Path=/data/jobs.db in the environment
            """)
        {
            serve, healthcheck,
        };
        foreach (var command in root.Subcommands.Append(root))
        {
            command.TreatUnmatchedTokensAsErrors = false;
            command.SetAction(_ => { });
        }

        var line = root.Parse(args);
        if (line.Action is HelpAction || line.GetResult("--version") is not null)
            return await line.InvokeAsync();

        var named = line.CommandResult.Command;
        var words = new List<string>();
        if (FaultOf(named == root ? args : args[1..], words) is { } fault)
            return await RefuseAsync(fault);
        if (named == healthcheck && words.Count <= 1)
            return await HealthCheckVerb.RunAsync(words.FirstOrDefault(), args[1..]);
        return words.Count == 0 ? null : await RefuseAsync($"There is no command '{words[0]}'.{Nearest.Hint(words[0], root.Subcommands.Select(command => command.Name))}");
    }

    /// <summary>Parses the arguments after the command as the framework's configuration will: <c>--key value</c>, <c>--key=value</c>, <c>/key value</c>, <c>key=value</c>.</summary>
    /// <param name="args">Without the command.</param>
    /// <param name="words">Receives arguments that are neither.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    private static string? FaultOf(string[] args, List<string> words)
    {
        for (var i = 0; i < args.Length; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var isOption = args[i].StartsWith('-') || args[i].StartsWith('/');
            if (!isOption && equals < 0)
            {
                words.Add(args[i]);
                continue;
            }

            var key = (equals < 0 ? args[i] : args[i][..equals]).TrimStart('-', '/');
            if (!IsKnown(key))
                return $"There is no option --{key}.{Nearest.Hint("--" + key, ofTheHost.Concat(KnownSettings.Names).Concat(["help", "version"]).Select(name => "--" + name))}";
            if (equals < 0 && ++i == args.Length)
                return $"--{key} needs a value.";
        }

        return null;
    }

    private static bool IsKnown(string key) =>
        ofTheHost.Contains(key, StringComparer.OrdinalIgnoreCase) || sections.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase);

    private static async Task<int> RefuseAsync(string fault)
    {
        await Console.Error.WriteLineAsync(fault + " See --help.");
        return Wrong;
    }
}
