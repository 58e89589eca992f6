using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Templates;
using Serilog.Templates.Themes;

namespace JobService.Api;

/// <summary>Logs for people on a terminal, as compact JSON everywhere else. Never a payload, never a secret.</summary>
internal static class LogSetup
{
    private const string ForPeople = "{@t:HH:mm:ss.fff} {@l:u3} {#if SourceContext is not null}{Substring(SourceContext, LastIndexOf(SourceContext, '.') + 1)}: {#end}{@m}\n{@x}";

    public static IServiceCollection AddLogs(this IServiceCollection services, IConfiguration configuration) => services.AddSerilog(logs =>
    {
        logs.ReadFrom.Configuration(configuration).Enrich.FromLogContext().Enrich.With<ControlCharacters>();
        if (Console.IsOutputRedirected)
            logs.WriteTo.Console(new CompactJsonFormatter());
        else
            logs.WriteTo.Console(new ExpressionTemplate(ForPeople, theme: TemplateTheme.Code));
    });
}

/// <summary>Escapes control characters in what is logged: a name from outside shall not write lines of its own.</summary>
internal sealed class ControlCharacters : ILogEventEnricher
{
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        List<LogEventProperty>? escaped = null;
        foreach (var (name, value) in logEvent.Properties)
        {
            if (value is ScalarValue { Value: string text } && text.Any(char.IsControl))
                (escaped ??= []).Add(new LogEventProperty(name, new ScalarValue(Escape(text))));
        }

        foreach (var property in escaped ?? [])
            logEvent.AddOrUpdateProperty(property);
    }

    internal static string Escape(string text) => string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
}
