using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Hosting;

/// <summary>What the operator has to correct before the service starts, in plain lines.</summary>
internal static class StartFault
{
    private const string Configuration = "The configuration is wrong:\n";

    /// <returns>Null when the exception is a defect, which keeps its stack trace.</returns>
    public static string? Of(Exception exception) => exception switch
    {
        OptionsValidationException options => Configuration + Lines([options]),
        AggregateException several when several.InnerExceptions.All(inner => inner is OptionsValidationException) =>
            Configuration + Lines(several.InnerExceptions.Cast<OptionsValidationException>()),
        StorageUnavailableException storage => storage.Message,
        // A value of the wrong kind; its message names the key.
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } unreadable => Configuration + "  " + unreadable.Message,
        { Source: "Serilog.Settings.Configuration" } logs => Configuration + "  Serilog: " + logs.Message,
        // Kestrel has no type of its own for an address that cannot be used: it may be any.
        { StackTrace: { } trace } when trace.Contains("KestrelServerImpl.BindAsync", StringComparison.Ordinal) =>
            $"Cannot listen: {exception.Message.Split('\n')[0]} Where to listen is said by --urls, ASPNETCORE_URLS or Kestrel:Endpoints.",
        IOException io => io.Message,
        _ => null,
    };

    private static string Lines(IEnumerable<OptionsValidationException> all) =>
        string.Join('\n', all.SelectMany(one => one.Failures).Select(failure => "  " + failure));
}
