using System.Buffers;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>Reads a response's body up to a cap and decompresses it. While the memory budget is used up, the body is not read: it keeps its connection and its permit.</summary>
internal static class ResponseBody
{
    private const int FirstBytes = 4 * 1024;
    private const int ChunkBytes = 64 * 1024;

    /// <summary>Bytes that are not counted: most responses are no larger, and there are no more of them than concurrent calls.</summary>
    private const int UncountedBytes = 2 * FirstBytes;

    /// <returns>The body, or why there is none.</returns>
    public static async ValueTask<(ReadOnlyMemory<byte> Body, CallResult.Failed? Fault)> ReadAsync(HttpResponseMessage response, int maxBytes, ByteReservation? memory, CancellationToken cancel)
    {
        var content = response.Content;
        var (length, lengthFault) = LengthOf(response);
        if (lengthFault is not null)
            return (default, new CallResult.Failed(ErrorTypes.Transport, lengthFault, MayRetry: true));
        if (await ReadAsync(content, length, maxBytes, memory, cancel) is not { } encoded)
            return (default, TooLarge(maxBytes));

        var codings = ContentCodings.Of(content.Headers);
        if (codings.Length == 0 || encoded.IsEmpty)
            return (WithoutMark(encoded, content), null);
        if (ContentCodings.Fault(codings) is { } unreadable)
            return (default, new CallResult.Failed(ErrorTypes.Unreadable, unreadable, MayRetry: false));
        // The size is unknown: the maximum is reserved, twice, because the buffer grows by copying.
        await GrowAsync(memory, encoded.Length + (2L * maxBytes), cancel);
        try
        {
            var plain = ContentCodings.Undo(encoded, codings, maxBytes);
            memory?.ShrinkTo(2L * plain.GetValueOrDefault().Length); // the buffer in which it grew
            return plain is { } body ? (WithoutMark(body, content), null) : (default, TooLarge(maxBytes));
        }
        catch (InvalidDataException damage)
        {
            return (default, new CallResult.Failed(ErrorTypes.Transport, damage.Message, MayRetry: true));
        }
    }

    /// <summary>Contradicting lengths make the end of the response ambiguous (RFC 9112, section 6.3); the handler would use the first of them.</summary>
    /// <returns>The length, if the handler cannot read it: equal values in one list, as a proxy may join them. Or what is wrong.</returns>
    public static (long? Length, string? Fault) LengthOf(HttpResponseMessage response)
    {
        var content = response.Content;
        if (!content.Headers.NonValidated.TryGetValues("Content-Length", out var lines) || (lines.Count == 1 && content.Headers.ContentLength is not null))
            return default;
        var given = lines.SelectMany(line => line.Split(',', StringSplitOptions.TrimEntries)).Distinct().ToArray();
        if (given is [var only] && long.TryParse(only, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var length))
            return (content.Headers.ContentLength is null && !IsFramedOtherwise(response) ? length : null, null);
        return (null, "The response has a Content-Length that cannot be read, or several that differ: its end is ambiguous.");
    }

    private static bool IsFramedOtherwise(HttpResponseMessage response) =>
        response.Headers.TransferEncodingChunked == true || response.RequestMessage?.Method == HttpMethod.Head
        || response.StatusCode is System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.NotModified;

    /// <returns>Null when the body is larger than the cap.</returns>
    private static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, long? length, int maxBytes, ByteReservation? memory, CancellationToken cancel)
    {
        // The announced length is only a hint at first: a response to HEAD announces bytes that it does not send. Once bytes have arrived, it is a promise.
        var announced = length ?? content.Headers.ContentLength;
        var body = new byte[(int)Math.Min(announced ?? FirstBytes, ChunkBytes - 1) + 1];
        await GrowAsync(memory, body.Length, cancel);
        var count = 0;
        await using var stream = await content.ReadAsStreamAsync(cancel);
        while (length is null || count < length)
        {
            if (count == body.Length)
            {
                var larger = announced > count && announced <= maxBytes ? announced.Value + 1 : Math.Min(2L * count, maxBytes + 1L);
                await GrowAsync(memory, count + larger, cancel);
                Array.Resize(ref body, (int)larger);
                memory?.ShrinkTo(larger);
            }

            var read = body.Length <= ChunkBytes ? await stream.ReadAsync(body.AsMemory(count), cancel) : await ReadChunkAsync(stream, body.AsMemory(count), cancel);
            if (read == 0)
                return length is null ? body.AsMemory(0, count) : throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended before its Content-Length.");
            count += read;
            if (count > maxBytes)
                return null;
        }

        return body.AsMemory(0, (int)length.Value);
    }

    /// <summary>Reads through a small buffer: the socket of an idle connection keeps a reference to the last buffer it has read into.</summary>
    private static async ValueTask<int> ReadChunkAsync(Stream stream, Memory<byte> into, CancellationToken cancel)
    {
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            var read = await stream.ReadAsync(chunk.AsMemory(0, Math.Min(chunk.Length, into.Length)), cancel);
            chunk.AsSpan(0, read).CopyTo(into.Span);
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private static async ValueTask GrowAsync(ByteReservation? memory, long bytes, CancellationToken cancel)
    {
        if (bytes > UncountedBytes && memory is not null && !await memory.GrowToAsync(bytes, Timeout.InfiniteTimeSpan, cancel))
            throw new OperationCanceledException(cancel);
    }

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body, HttpContent content) =>
        ResultJson.WithoutMark(body) is var plain && plain.Length < body.Length && ResultJson.SaysJson(ResponseHeaders.ContentTypeOf(content)) ? plain : body;

    private static CallResult.Failed TooLarge(int maxBytes) => new(ErrorTypes.TooLarge, $"The response has more than {maxBytes} bytes.", MayRetry: false);
}
