using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace JobService.Jobs;

/// <summary>A result as JSON: JSON as it is, text as a string, anything else as <c>{"base64": …}</c>.</summary>
internal static class ResultJson
{
    public const int MaxInlineBytes = 64 * 1024;

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Null when there is nothing to show inline.</returns>
    public static RawJson? Of(JobResult? result)
    {
        if (result?.Body is not { Length: > 0 } body)
            return null;

        _ = MediaTypeHeaderValue.TryParse(result.ContentType, out var type);
        if (IsJson(type?.MediaType) && IsValidJson(body.Span))
            return new RawJson(body);

        var bytes = new ArrayBufferWriter<byte>(body.Length + 64);
        using var writer = new Utf8JsonWriter(bytes, Readable);
        if (IsText(type?.MediaType) && Text(body.Span, type?.CharSet) is { } text)
        {
            writer.WriteStringValue(text);
        }
        else
        {
            writer.WriteStartObject();
            writer.WriteBase64String("base64", body.Span);
            writer.WriteEndObject();
        }

        writer.Flush();
        return new RawJson(bytes.WrittenMemory);
    }

    private static bool IsJson(string? media) =>
        media is not null
        && (media.Equals("application/json", StringComparison.OrdinalIgnoreCase) || media.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    private static bool IsText(string? media) =>
        media is not null
        && (media.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            || media.EndsWith("+xml", StringComparison.OrdinalIgnoreCase)
            || IsJson(media)
            || media.ToUpperInvariant() is "APPLICATION/XML" or "APPLICATION/JAVASCRIPT" or "APPLICATION/X-WWW-FORM-URLENCODED" or "APPLICATION/X-NDJSON");

    private static bool IsValidJson(ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body))
            return false;

        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 1000 });
        try
        {
            while (reader.Read())
            {
                // Only the way to the end tells.
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string? Text(ReadOnlySpan<byte> body, string? charset)
    {
        try
        {
            return Encoding.GetEncoding(charset?.Trim('"') ?? "utf-8", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback).GetString(body);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            // An unknown charset, bytes that it does not allow, or UTF-7, which .NET has banned.
            return null;
        }
    }
}
