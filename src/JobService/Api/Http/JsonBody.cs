using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using JobService.Jobs;
using Microsoft.Net.Http.Headers;

namespace JobService.Api.Http;

/// <summary>What a body said, or why it is refused.</summary>
/// <param name="Value">The body; null when it is refused.</param>
/// <param name="Refusal">The problem; null when it is read.</param>
/// <param name="Fingerprint">SHA-256 of the raw bytes, if asked for.</param>
internal readonly record struct Parsed<T>(T? Value, IResult? Refusal, byte[]? Fingerprint = null)
    where T : class
{
    [MemberNotNullWhen(false, nameof(Value))]
    [MemberNotNullWhen(true, nameof(Refusal))]
    public bool IsRefused => Refusal is not null;
}

/// <summary>Reads a JSON body as a whole, strictly.</summary>
internal static class JsonBody
{
    public const int MaxBytes = 1024 * 1024;

    public static async ValueTask<Parsed<T>> ReadAsync<T>(HttpRequest request, bool fingerprint = false)
        where T : class
    {
        if (request.ContentLength > MaxBytes)
            return new Parsed<T>(null, Problems.TooLarge());

        var pipe = request.BodyReader;
        while (true)
        {
            var read = await pipe.ReadAsync(request.HttpContext.RequestAborted);
            var bytes = read.Buffer;
            if (bytes.Length > MaxBytes)
            {
                pipe.AdvanceTo(bytes.End);
                return new Parsed<T>(null, Problems.TooLarge());
            }

            if (read.IsCompleted)
            {
                var parsed = Parse<T>(request, bytes, fingerprint);
                pipe.AdvanceTo(bytes.End);
                return parsed;
            }

            pipe.AdvanceTo(bytes.Start, bytes.End);
        }
    }

    private static Parsed<T> Parse<T>(HttpRequest request, in ReadOnlySequence<byte> bytes, bool fingerprint)
        where T : class
    {
        if (bytes.IsEmpty)
            return new Parsed<T>(null, Problems.Body([new Violation("", "A JSON object is needed as the body, and the body is empty.")]));
        if (MediaFault(request) is { } fault)
            return new Parsed<T>(null, Problems.MediaType(fault));

        var span = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();
        return Parse<T>(span) is var parsed && fingerprint && !parsed.IsRefused ? parsed with { Fingerprint = SHA256.HashData(span) } : parsed;
    }

    /// <summary>The part that knows nothing of HTTP.</summary>
    public static Parsed<T> Parse<T>(ReadOnlySpan<byte> utf8)
        where T : class
    {
        if (!Utf8.IsValid(utf8))
            return new Parsed<T>(null, Problems.Body([new Violation("", "The body is not valid UTF-8.")]));

        var type = ApiJson.Of<T>();
        try
        {
            return JsonSerializer.Deserialize(utf8, type) is { } value
                ? new Parsed<T>(value, null)
                : new Parsed<T>(null, Problems.Body([new Violation("", "A JSON object, not null.")]));
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException)
        {
            return new Parsed<T>(null, Problems.Body(JsonFaults.Of(utf8.ToArray(), type, fault)));
        }
    }

    private static string? MediaFault(HttpRequest request)
    {
        if (!Microsoft.Extensions.Primitives.StringValues.IsNullOrEmpty(request.Headers.ContentEncoding))
            return "Send the body as it is, without a Content-Encoding.";

        const string json = "application/json";
        var given = request.ContentType;
        if (json.Equals(given, StringComparison.OrdinalIgnoreCase))
            return null;

        const string wanted = "Send JSON with the header 'Content-Type: application/json'";
        if (!MediaTypeHeaderValue.TryParse(given, out var media) || !media.MediaType.Equals(json, StringComparison.OrdinalIgnoreCase))
            return given is null ? $"{wanted}; no content type was given." : $"{wanted}.";
        return media.Charset.HasValue && !media.Charset.Value.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? $"{wanted}, in UTF-8." : null;
    }
}
