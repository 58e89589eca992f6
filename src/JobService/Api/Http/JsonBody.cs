using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using JobService.Jobs;

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

    public static async ValueTask<Parsed<T>> ReadAsync<T>(HttpRequest request, bool fingerprint = false, int maxBytes = MaxBytes)
        where T : class
    {
        if (request.ContentLength > maxBytes)
            return new Parsed<T>(null, Problems.TooLarge(maxBytes));

        var pipe = request.BodyReader;
        while (true)
        {
            var read = await pipe.ReadAsync(request.HttpContext.RequestAborted);
            var bytes = read.Buffer;
            if (bytes.Length > maxBytes)
            {
                pipe.AdvanceTo(bytes.End);
                return new Parsed<T>(null, Problems.TooLarge(maxBytes));
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
        if (MediaTypes.Fault(request, MediaTypes.Json) is { } fault)
            return new Parsed<T>(null, Problems.MediaType(fault));

        var span = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();
        return Parse<T>(span) is var parsed && fingerprint && !parsed.IsRefused ? parsed with { Fingerprint = SHA256.HashData(span) } : parsed;
    }

    public static Parsed<T> Parse<T>(ReadOnlySpan<byte> utf8)
        where T : class =>
        Read<T>(utf8, out var faults) is { } value ? new Parsed<T>(value, null) : new Parsed<T>(null, Problems.Body(faults));

    /// <summary>The part that knows nothing of HTTP.</summary>
    /// <returns>Null when there are faults.</returns>
    public static T? Read<T>(ReadOnlySpan<byte> utf8, out IReadOnlyList<Violation> faults)
        where T : class
    {
        faults = [];
        if (!Utf8.IsValid(utf8))
        {
            faults = [new Violation("", "The body is not valid UTF-8.")];
            return null;
        }

        var type = ApiJson.Of<T>();
        try
        {
            if (JsonSerializer.Deserialize(utf8, type) is { } value)
                return value;
            faults = [new Violation("", "A JSON object, not null.")];
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException)
        {
            if (Kinds.AsWritten(utf8, type) is { } mended)
                return Read<T>(mended, out faults);
            faults = JsonFaults.Of(utf8.ToArray(), type, fault);
        }

        return null;
    }
}
