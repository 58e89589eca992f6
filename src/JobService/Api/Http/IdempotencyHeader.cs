using System.Text;
using Microsoft.Extensions.Primitives;

namespace JobService.Api.Http;

/// <summary>The header <c>Idempotency-Key</c>: a structured-field string in quotes, as the draft has it, or the bare key, as most clients send it.</summary>
internal static class IdempotencyHeader
{
    public const string Name = "Idempotency-Key";
    public const int MaxLength = 255;
    private const string Wanted = "1 to 255 characters of visible ASCII and spaces, bare or in double quotes.";

    /// <returns>The key, or what is wrong with it; both null when there is none.</returns>
    public static (string? Key, string? Fault) Read(StringValues header) => header.Count switch
    {
        0 => (null, null),
        1 when Unquote(header[0]!.Trim()) is { Length: >= 1 and <= MaxLength } key && !key.AsSpan().ContainsAnyExceptInRange(' ', '~') => (key, null),
        1 => (null, Wanted),
        _ => (null, "One value; several were given."),
    };

    private static string? Unquote(string text)
    {
        if (!text.StartsWith('"'))
            return text;
        if (text.Length < 2 || !text.EndsWith('"'))
            return null;

        var inner = text.AsSpan(1, text.Length - 2);
        if (!inner.ContainsAny('\\', '"'))
            return inner.ToString();

        var key = new StringBuilder(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            if (inner[i] == '"')
                return null;
            if (inner[i] == '\\' && (++i == inner.Length || inner[i] is not ('"' or '\\')))
                return null;
            key.Append(inner[i]);
        }

        return key.ToString();
    }
}
