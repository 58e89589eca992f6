using System.Buffers;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>Reads a response's body up to a cap, and undoes its compression.</summary>
internal static class ResponseBody
{
    private const int FirstBytes = 4 * 1024;
    private const int MaxHintBytes = 64 * 1024;

    /// <returns>The body, or why there is none.</returns>
    public static async ValueTask<(ReadOnlyMemory<byte> Body, ApiAnswer.Broken? Fault)> ReadAsync(HttpResponseMessage response, int maxBytes, CancellationToken cancel)
    {
        var content = response.Content;
        var (length, lengthFault) = LengthOf(response);
        if (lengthFault is not null)
            return (default, lengthFault);
        if (await ReadAsync(content, length, maxBytes, cancel) is not { } encoded)
            return (default, TooLarge(maxBytes));

        var codings = ContentCodings.Of(content.Headers);
        if (codings.Length == 0 || encoded.IsEmpty)
            return (WithoutMark(encoded, content), null);
        if (ContentCodings.Fault(codings) is { } unreadable)
            return (default, new ApiAnswer.Broken(ErrorTypes.Unreadable, unreadable, MayRetry: false));
        try
        {
            return ContentCodings.Undo(encoded, codings, maxBytes) is { } body ? (WithoutMark(body, content), null) : (default, TooLarge(maxBytes));
        }
        catch (InvalidDataException damage)
        {
            return (default, new ApiAnswer.Broken(ErrorTypes.Transport, damage.Message, MayRetry: true));
        }
    }

    /// <summary>Lengths that contradict each other leave open where the response ends (RFC 9112, section 6.3); the handler goes by the first of them.</summary>
    /// <returns>The length, where the handler cannot read it: equal values in one list, as a proxy may join them.</returns>
    private static (long? Length, ApiAnswer.Broken? Fault) LengthOf(HttpResponseMessage response)
    {
        var content = response.Content;
        if (!content.Headers.NonValidated.TryGetValues("Content-Length", out var lines) || (lines.Count == 1 && content.Headers.ContentLength is not null))
            return default;
        var given = lines.SelectMany(line => line.Split(',', StringSplitOptions.TrimEntries)).Distinct().ToArray();
        if (given is [var only] && long.TryParse(only, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var length))
            return (content.Headers.ContentLength is null && !IsFramedOtherwise(response) ? length : null, null);
        return (null, new ApiAnswer.Broken(ErrorTypes.Transport, "The response has a Content-Length that cannot be read, or several that differ: where it ends is not known.", MayRetry: true));
    }

    private static bool IsFramedOtherwise(HttpResponseMessage response) =>
        response.Headers.TransferEncodingChunked == true || response.RequestMessage?.Method == HttpMethod.Head
        || response.StatusCode is System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.NotModified;

    /// <returns>Null when the body is larger than the cap.</returns>
    private static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, long? length, int maxBytes, CancellationToken cancel)
    {
        // The announced length is a hint and no promise: a response to HEAD announces what it does not send.
        var hint = Math.Min(content.Headers.ContentLength ?? FirstBytes, MaxHintBytes);
        var body = new ArrayBufferWriter<byte>((int)hint + 1);
        await using var stream = await content.ReadAsStreamAsync(cancel);
        while (length is null || body.WrittenCount < length)
        {
            var count = await stream.ReadAsync(body.GetMemory(), cancel);
            if (count == 0)
                return length is null ? body.WrittenMemory : throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended before its Content-Length.");
            body.Advance(count);
            if (body.WrittenCount > maxBytes)
                return null;
        }

        return body.WrittenMemory[..(int)length.Value];
    }

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body, HttpContent content) =>
        ResultJson.WithoutMark(body) is var plain && plain.Length < body.Length && ResultJson.SaysJson(ResponseHeaders.ContentTypeOf(content)) ? plain : body;

    private static ApiAnswer.Broken TooLarge(int maxBytes) => new(ErrorTypes.TooLarge, $"The response has more than {maxBytes} bytes.", MayRetry: false);
}
