using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace JobService.Jobs;

/// <summary>A result as JSON: JSON unchanged, text as a string, anything else as <c>{"base64": …}</c>.</summary>
internal static class ResultJson
{
    public const int MaxInlineBytes = 64 * 1024;

    /// <summary>Levels of JSON that are shown inline: the enclosing document adds a few, and many parsers stop at 64.</summary>
    public const int MaxInlineDepth = 32;

    private const string Bytes = "application/octet-stream";

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Null when there is nothing to show inline: no bytes, or JSON that is nested too deeply for many parsers.</returns>
    public static RawJson? Of(JobResult? result)
    {
        if (result?.Body is not { Length: > 0 } body)
            return null;

        var type = TypeOf(result.ContentType);
        if (IsJson(type?.MediaType) && JsonOf(body, type?.CharSet) is var (json, depth))
            return depth <= MaxInlineDepth ? new RawJson(json) : null;

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

    /// <summary>Whether a content type denotes JSON.</summary>
    public static bool SaysJson(string? contentType) => IsJson(TypeOf(contentType)?.MediaType);

    /// <summary>The content type with which a result's bytes are served: the API's own, unless it claims JSON for invalid JSON.</summary>
    /// <param name="given">The content type of the API.</param>
    /// <param name="body">The bytes; read only if <see cref="SaysJson"/>.</param>
    public static string ContentTypeOf(string? given, ReadOnlySpan<byte> body)
    {
        if (given is null)
            return Bytes;
        if (TypeOf(given) is not { } type || !IsJson(type.MediaType) || DepthOf(IsUtf8(body) ? WithoutMark(body) : Recoded(body, type.CharSet).Span) is not null)
            return given;
        return Utf8.IsValid(body) ? "text/plain; charset=utf-8" : Bytes;
    }

    /// <summary>JSON has no byte order mark (RFC 8259, section 8.1), and most JSON parsers fail on one.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> json) => json.Span.StartsWith("\uFEFF"u8) ? json["\uFEFF"u8.Length..] : json;

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> json) => json.StartsWith("\uFEFF"u8) ? json["\uFEFF"u8.Length..] : json;

    private static MediaTypeHeaderValue? TypeOf(string? contentType) => MediaTypeHeaderValue.TryParse(contentType, out var type) ? type : null;

    private static bool IsJson(string? media) =>
        media is not null
        && (media.Equals("application/json", StringComparison.OrdinalIgnoreCase) || media.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    /// <summary>The JSON in UTF-8, without a byte order mark, and its depth; null when it is not valid JSON.</summary>
    private static (ReadOnlyMemory<byte> Json, int Depth)? JsonOf(ReadOnlyMemory<byte> body, string? charset)
    {
        var json = IsUtf8(body.Span) ? WithoutMark(body) : Recoded(body.Span, charset);
        return DepthOf(json.Span) is { } depth ? (json, depth) : null;
    }

    /// <summary>Otherwise it is usually UTF-16.</summary>
    private static bool IsUtf8(ReadOnlySpan<byte> body) => Utf8.IsValid(body) && !body.Contains((byte)0);

    private static ReadOnlyMemory<byte> Recoded(ReadOnlySpan<byte> body, string? charset) =>
        Text(body, charset) is { } text ? Encoding.UTF8.GetBytes(text.TrimStart('\uFEFF')) : default;

    private static int? DepthOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue });
        var deepest = 0;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                    deepest = Math.Max(deepest, reader.CurrentDepth + 1);
            }

            return deepest;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsText(string? media) =>
        media is not null
        && (media.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            || media.EndsWith("+xml", StringComparison.OrdinalIgnoreCase)
            || IsJson(media)
            || media.ToUpperInvariant() is "APPLICATION/XML" or "APPLICATION/JAVASCRIPT" or "APPLICATION/X-WWW-FORM-URLENCODED" or "APPLICATION/X-NDJSON");

    private static string? Text(ReadOnlySpan<byte> body, string? charset)
    {
        try
        {
            return Encoding.GetEncoding(charset?.Trim('"') ?? "utf-8", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback).GetString(body);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            // An unknown charset, invalid bytes, or UTF-7, which .NET does not support.
            return null;
        }
    }
}
