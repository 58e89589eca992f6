using System.Net.ServerSentEvents;

namespace JobService.Upstream;

/// <summary>A sequence of JSON documents, as LLM APIs stream them: the data of server-sent events, or lines.</summary>
internal static class StreamedJson
{
    /// <returns>The documents in reverse order, valid or not; null when the content type is that of a single document.</returns>
    public static IEnumerable<ReadOnlyMemory<byte>>? FromLast(string contentType, ReadOnlyMemory<byte> body)
    {
        if (contentType.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase))
            return Events(body);
        return contentType.Contains("ndjson", StringComparison.OrdinalIgnoreCase) || contentType.Contains("jsonl", StringComparison.OrdinalIgnoreCase) ? Lines(body) : null;
    }

    /// <summary>The last event counts even without a final empty line: the response is complete, and truncated JSON would not parse.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Events(ReadOnlyMemory<byte> body)
    {
        using var stream = new MemoryStream(body.Length + 2);
        stream.Write(body.Span);
        stream.Write("\n\n"u8);
        stream.Position = 0;
        return SseParser.Create(stream, static (_, data) => (ReadOnlyMemory<byte>)data.ToArray()).Enumerate().Select(item => item.Data).ToArray().Reverse();
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> body)
    {
        for (var rest = body; rest.Length > 0;)
        {
            var start = rest.Span.LastIndexOf((byte)'\n') + 1;
            yield return rest[start..];
            rest = rest[..Math.Max(0, start - 1)];
        }
    }
}
