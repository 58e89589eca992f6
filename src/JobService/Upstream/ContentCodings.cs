using System.Buffers;
using System.IO.Compression;
using System.Net.Http.Headers;
using ICSharpCode.SharpZipLib;
using ICSharpCode.SharpZipLib.GZip;
using ICSharpCode.SharpZipLib.Zip.Compression;
using ICSharpCode.SharpZipLib.Zip.Compression.Streams;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>Decompresses a response: RFC 9110, section 8.4.1.</summary>
/// <remarks>.NET's own streams silently accept a truncated body (10.0.12), so that half a result would be stored as a result.</remarks>
internal static class ContentCodings
{
    private const string Identity = "identity";

    /// <summary>Nobody compresses more often; an endless list would cause endless work.</summary>
    private const int MaxCodings = 3;

    /// <summary>The codings in the order in which they were applied; identity is left out.</summary>
    public static string[] Of(HttpContentHeaders headers) =>
        headers.NonValidated.TryGetValues("Content-Encoding", out var lines)
            ? [.. lines.SelectMany(line => line.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Select(Plain).Where(name => name != Identity)]
            : [];

    /// <summary>What is wrong with the codings; null when all can be decoded.</summary>
    public static string? Fault(string[] codings)
    {
        if (codings.Length > MaxCodings)
            return $"The response is encoded {codings.Length} times; at most {MaxCodings} codings are supported.";
        return Array.Find(codings, coding => !AcceptEncoding.CanRead(coding)) is { } unknown
            ? $"The response is encoded as '{ResponseHeaders.Shown(unknown)}', which is not supported: {AcceptEncoding.Readable} are. Set the header accept-encoding in the queue or the job to one of them."
            : null;
    }

    /// <param name="body">The whole body as received.</param>
    /// <param name="codings">In the order in which they were applied.</param>
    /// <param name="maxBytes">Maximum output of each step.</param>
    /// <returns>Null when it is larger than the cap.</returns>
    /// <exception cref="InvalidDataException">It is not a complete body of that coding.</exception>
    public static ReadOnlyMemory<byte>? Undo(ReadOnlyMemory<byte> body, string[] codings, int maxBytes)
    {
        ReadOnlyMemory<byte>? plain = body;
        for (var i = codings.Length - 1; i >= 0 && plain is { Length: > 0 } encoded; i--)
            plain = Undo(encoded, codings[i], maxBytes);
        return plain;
    }

    private static ReadOnlyMemory<byte>? Undo(ReadOnlyMemory<byte> body, string coding, int maxBytes)
    {
        if (coding == "br")
            return Brotli(body.Span, maxBytes);
        try
        {
            using var bytes = new MemoryStream(body.ToArray(), writable: false);
            using Stream plain = coding == "gzip" ? new GZipInputStream(bytes) : new InflaterInputStream(bytes, new Inflater(noHeader: !HasZlibHeader(body.Span)));
            return ReadAll(plain, maxBytes);
        }
        catch (Exception damage) when (damage is SharpZipBaseException or EndOfStreamException)
        {
            throw new InvalidDataException($"The response is not complete {coding} data: {damage.Message}", damage);
        }
    }

    // "deflate" is the zlib format; some servers send raw deflate data.
    private static bool HasZlibHeader(ReadOnlySpan<byte> body) => body.Length >= 2 && (body[0] & 0x0f) == 8 && ((body[0] << 8) | body[1]) % 31 == 0;

    private static ReadOnlyMemory<byte>? ReadAll(Stream plain, int maxBytes)
    {
        var all = new ArrayBufferWriter<byte>();
        while (plain.Read(all.GetSpan()) is var count and > 0)
        {
            all.Advance(count);
            if (all.WrittenCount > maxBytes)
                return null;
        }

        return all.WrittenMemory;
    }

    private static ReadOnlyMemory<byte>? Brotli(ReadOnlySpan<byte> body, int maxBytes)
    {
        var all = new ArrayBufferWriter<byte>();
        using var decoder = default(BrotliDecoder);
        while (true)
        {
            var end = decoder.Decompress(body, all.GetSpan(), out var read, out var written);
            body = body[read..];
            all.Advance(written);
            if (all.WrittenCount > maxBytes)
                return null;
            if (end == OperationStatus.Done)
                return all.WrittenMemory;
            if (end != OperationStatus.DestinationTooSmall)
                throw new InvalidDataException("The response is not complete br data.");
        }
    }

    private static string Plain(string coding) => coding.ToLowerInvariant() switch
    {
        "x-gzip" => "gzip",
        var name => name,
    };
}
