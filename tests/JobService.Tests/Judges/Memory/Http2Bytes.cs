using System.Buffers.Binary;
using System.Text;

namespace JobService.Tests.Judges.Memory;

/// <summary>What a client of HTTP/2 sends that opens all windows, asks on many streams at once and takes nothing (RFC 9113, RFC 7541).</summary>
internal static class Http2Bytes
{
    private const int Largest = int.MaxValue;
    private const int FrameBytes = 16_384;

    private enum Kind : byte
    {
        Data = 0,
        Headers = 1,
        Settings = 4,
        WindowUpdate = 8,
    }

    /// <param name="streams">Requests.</param>
    /// <param name="method">Of each.</param>
    /// <param name="path">Of each.</param>
    /// <param name="type">Of its body.</param>
    /// <param name="body">The beginning of a body that goes on; empty: the request is whole.</param>
    public static byte[] Requests(int streams, string method, Func<int, string> path, string type, string body)
    {
        using var bytes = new MemoryStream();
        bytes.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        // 4 is the window of each stream; its largest value, so that nothing but the socket holds the server up.
        Write(bytes, Kind.Settings, flags: 0, stream: 0, [0, 4, .. BigEndian(Largest)]);
        Write(bytes, Kind.WindowUpdate, flags: 0, stream: 0, BigEndian(Largest - 65_535));
        var text = Encoding.ASCII.GetBytes(body);
        for (var i = 0; i < streams; i++)
        {
            var stream = (2 * i) + 1;
            using var fields = new MemoryStream();
            foreach (var (name, value) in new[] { (":method", method), (":scheme", "http"), (":path", path(i)), (":authority", "localhost"), ("content-type", type) })
            {
                fields.WriteByte(0); // literal, not indexed, a new name
                WriteText(fields, name);
                WriteText(fields, value);
            }

            const byte EndHeaders = 4, EndStream = 1;
            Write(bytes, Kind.Headers, (byte)(EndHeaders | (text.Length == 0 ? EndStream : 0)), stream, fields.ToArray());
            foreach (var piece in text.Chunk(FrameBytes))
                Write(bytes, Kind.Data, flags: 0, stream, piece);
        }

        return bytes.ToArray();
    }

    private static void Write(MemoryStream bytes, Kind kind, byte flags, int stream, byte[] payload)
    {
        bytes.Write(BigEndian(payload.Length).AsSpan(1));
        bytes.WriteByte((byte)kind);
        bytes.WriteByte(flags);
        bytes.Write(BigEndian(stream));
        bytes.Write(payload);
    }

    /// <summary>Not compressed, its length in one byte.</summary>
    private static void WriteText(MemoryStream bytes, string text)
    {
        bytes.WriteByte(checked((byte)(text.Length < 127 ? text.Length : throw new ArgumentOutOfRangeException(nameof(text)))));
        bytes.Write(Encoding.ASCII.GetBytes(text));
    }

    private static byte[] BigEndian(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}
