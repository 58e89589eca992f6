using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Api;

/// <summary>What the operator has to correct before the service starts, in plain lines.</summary>
internal static class StartFault
{
    /// <returns>Null when the exception is a defect, which keeps its stack trace.</returns>
    public static string? Of(Exception exception) => exception switch
    {
        OptionsValidationException options => "The configuration is wrong:\n" + Lines([options]),
        AggregateException several when several.InnerExceptions.All(inner => inner is OptionsValidationException) =>
            "The configuration is wrong:\n" + Lines(several.InnerExceptions.Cast<OptionsValidationException>()),
        StorageUnavailableException storage => storage.Message,
        // A value of the wrong kind; its message names the key.
        InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } unreadable => "The configuration is wrong:\n  " + unreadable.Message,
        IOException io => io.Message,
        _ => null,
    };

    private static string Lines(IEnumerable<OptionsValidationException> all) =>
        string.Join('\n', all.SelectMany(one => one.Failures).Select(failure => "  " + failure));
}
