using System.Buffers;

namespace JobService.Upstream;

/// <summary>Reads an answer's body up to a cap.</summary>
internal static class AnswerBody
{
    private const int FirstBytes = 4 * 1024;
    private const int MaxHintBytes = 64 * 1024;

    /// <summary>Null when the body is larger than the cap.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, int maxBytes, CancellationToken cancel)
    {
        // The announced length is a hint and no promise: an answer to HEAD announces what it does not send.
        var hint = Math.Min(content.Headers.ContentLength ?? FirstBytes, MaxHintBytes);
        var body = new ArrayBufferWriter<byte>((int)hint + 1);
        await using var stream = await content.ReadAsStreamAsync(cancel);
        while (await stream.ReadAsync(body.GetMemory(), cancel) is var count and > 0)
        {
            body.Advance(count);
            if (body.WrittenCount > maxBytes)
                return null;
        }

        return body.WrittenMemory;
    }
}
