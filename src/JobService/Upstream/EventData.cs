using System.Net.ServerSentEvents;
using System.Runtime.InteropServices;

namespace JobService.Upstream;

/// <summary>The data of a stream of server-sent events that has been read whole.</summary>
internal static class EventData
{
    /// <summary>One for each event, in their order; what is cut off in the middle is none.</summary>
    public static List<byte[]> Of(ReadOnlyMemory<byte> body)
    {
        using var stream = MemoryMarshal.TryGetArray(body, out var bytes) ? new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false) : new MemoryStream(body.ToArray());
        return [.. SseParser.Create(stream, static (_, data) => data.ToArray()).Enumerate().Select(item => item.Data)];
    }
}
