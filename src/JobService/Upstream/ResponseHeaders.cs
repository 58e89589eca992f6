using System.Net.Http.Headers;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>Header fields of a response as text that is safe to show and to send again.</summary>
internal static class ResponseHeaders
{
    /// <summary>Maximum characters of the headers kept of one response: beyond it, a header is left out as a whole, since half a value would be wrong.</summary>
    public const int MaxKept = 16 * 1024;

    private const int MaxShown = 200;

    /// <summary>The headers of the response that the queue keeps, in the queue's spelling; null when there are none.</summary>
    public static IReadOnlyDictionary<string, string>? Kept(HttpResponseMessage response, IReadOnlyList<string> names)
    {
        Dictionary<string, string>? kept = null;
        var room = MaxKept;
        foreach (var name in names)
        {
            if (ValueOf(response, name) is not { } value || value.Length > room)
                continue;
            (kept ??= [])[name] = value;
            room -= value.Length;
        }

        return kept;
    }

    // The result is served with this type: values not allowed in a header are dropped.
    public static string? ContentTypeOf(HttpContent content) =>
        ValueOf(content.Headers, "Content-Type") is { Length: > 0 } type && HeaderRules.ValueFault(type) is null ? type : null;

    /// <summary>The absolute target of a redirect; null when the response is not one or has no target.</summary>
    public static string? LocationOf(HttpResponseMessage response, Uri asked)
    {
        if ((int)response.StatusCode is < 300 or > 399 || ValueOf(response.Headers, "Location") is not { Length: > 0 } location)
            return null;
        return Shown(Uri.TryCreate(asked, location, out var target) ? target.AbsoluteUri : location, AddressRules.MaxLength);
    }

    public static string Shown(string text, int maxLength = MaxShown) => text.Length <= maxLength ? text : text[..maxLength] + "…";

    private static string? ValueOf(HttpResponseMessage response, string name) =>
        ValueOf(response.Headers, name) ?? (ValueOf(response.Content.Headers, name));

    /// <summary>Several lines of a header are one list (RFC 9110, section 5.3).</summary>
    private static string? ValueOf(HttpHeaders headers, string name) => headers.NonValidated.TryGetValues(name, out var lines) ? string.Join(", ", lines) : null;
}
