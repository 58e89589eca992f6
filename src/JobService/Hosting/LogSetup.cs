using JobService.Api;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Templates;
using Serilog.Templates.Themes;

namespace JobService.Hosting;

/// <summary>Logs readable text on a terminal, and compact JSON with the rendered message everywhere else. Never a payload, never a secret.</summary>
internal static class LogSetup
{
    /// <summary>While this source may log anything at all, the host creates an activity and a log scope for each request, for the ids in its log lines: 5 % of the processor time of a submission.</summary>
    private const string RequestIds = "Microsoft.AspNetCore.Hosting.Diagnostics";

    private const string ForPeople = "{@t:HH:mm:ss.fff} {@l:u3} {#if SourceContext is not null}{Substring(SourceContext, LastIndexOf(SourceContext, '.') + 1)}: {#end}{@m}\n{@x}";

    public static IServiceCollection AddLogs(this IServiceCollection services, IConfiguration configuration) => services.AddSerilog(logs =>
    {
        logs.MinimumLevel.Override(RequestIds, LevelAlias.Off); // the configuration, read next, may turn it on again
        logs.ReadFrom.Configuration(configuration).Enrich.FromLogContext().Enrich.With<ControlCharacters>().Filter.ByExcluding(IsToldAtTheStart).Filter.ByExcluding(IsCancelledService);
        if (Console.IsOutputRedirected)
            logs.WriteTo.Console(new RenderedCompactJsonFormatter());
        else
            logs.WriteTo.Console(new ExpressionTemplate(ForPeople, theme: TemplateTheme.Code));
    });

    /// <summary>The host logs a failed start with a stack trace; Program.cs reports the same in one line.</summary>
    private static bool IsToldAtTheStart(LogEvent log) =>
        log is { Level: LogEventLevel.Error, Exception: { } fault } && log.MessageTemplate.Text == "Hosting failed to start" && StartFault.Of(fault, []) is not null;

    /// <summary>A start that fails cancels the background services, some of them before they have begun: the host takes that for a failure of theirs.</summary>
    private static bool IsCancelledService(LogEvent log) =>
        log.Exception is OperationCanceledException && log.Properties.TryGetValue("SourceContext", out var source) && source is ScalarValue { Value: "Microsoft.Extensions.Hosting.Internal.Host" };
}
