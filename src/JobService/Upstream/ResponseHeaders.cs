using System.Net.Http.Headers;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>Header fields of a response as text that may be shown and sent again.</summary>
internal static class ResponseHeaders
{
    /// <summary>Characters of all that is kept of one response: beyond, a header is left out as a whole, since half a value is a wrong one.</summary>
    public const int MaxKept = 16 * 1024;

    private const int MaxShown = 200;

    /// <summary>The headers that the queue wants kept, those that came, in the queue's spelling; null when none did.</summary>
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

    // The result is served with this type again: what no header may carry is not handed on.
    public static string? ContentTypeOf(HttpContent content) =>
        ValueOf(content.Headers, "Content-Type") is { Length: > 0 } type && HeaderRules.ValueFault(type) is null ? type : null;

    /// <summary>Where a redirect points, whole; null when it is none or does not say.</summary>
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
