using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Hosting;

/// <summary>Explains in plain lines what the operator has to correct before the service can start.</summary>
internal static class StartFault
{
    private const string Configuration = "The configuration is invalid:\n";

    /// <param name="exception">The exception that ended the start.</param>
    /// <param name="addresses">The addresses to listen on, as the settings name them.</param>
    /// <returns>Null when the exception is a defect, which keeps its stack trace.</returns>
    public static string? Of(Exception exception, IReadOnlyList<string> addresses) => exception switch
    {
        OptionsValidationException options => Configuration + Lines([options]),
        AggregateException several when several.InnerExceptions.All(inner => inner is OptionsValidationException) =>
            Configuration + Lines(several.InnerExceptions.Cast<OptionsValidationException>()),
        StorageUnavailableException storage => storage.Message,
        // A value of the wrong kind; its message names the key.
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } unreadable => Configuration + "  " + unreadable.Message,
        // A settings file that is not valid JSON; the outer message names the file, the innermost one the line.
        InvalidDataException { InnerException: FormatException } file => $"{Configuration}  {file.Message} {file.GetBaseException().Message}",
        { Source: "Serilog.Settings.Configuration" } logs => Configuration + "  Serilog: " + logs.Message,
        // Kestrel has no specific exception type for an address that cannot be used: it may be any.
        { StackTrace: { } trace } when trace.Contains("KestrelServerImpl.BindAsync", StringComparison.Ordinal) => OfListening(exception, addresses),
        IOException or UnauthorizedAccessException => exception.Message,
        _ => null,
    };

    private static string OfListening(Exception exception, IReadOnlyList<string> addresses)
    {
        var reason = exception.Message.Split('\n')[0].TrimEnd('.', ' ', '\r');
        // Most messages name the address; for the others it is one of these.
        var where = addresses.Any(address => reason.Contains(address, StringComparison.OrdinalIgnoreCase)) || addresses.Count == 0 ? "" : " on " + string.Join(" or ", addresses);
        return $"Cannot listen{where}: {reason}. {ListenAddress.Said}";
    }

    private static string Lines(IEnumerable<OptionsValidationException> all) =>
        string.Join('\n', all.SelectMany(one => one.Failures).Select(failure => "  " + failure));
}
