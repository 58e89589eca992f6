using System.Buffers.Binary;
using System.Text;

namespace JobService.Tests.Judges.Memory;

/// <summary>What a client of HTTP/2 sends that opens all windows, asks on many streams at once and takes nothing (RFC 9113, RFC 7541).</summary>
internal static class Http2Bytes
{
    private const int Largest = int.MaxValue;
    private const int FrameBytes = 16_384;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    /// <summary>Behind the static table.</summary>
    private const byte FirstOwnIndex = 62;

    /// <summary>As much as fits into the server's table, which counts 32 bytes more a field.</summary>
    private const int IndexedBytes = 4_000;

    private enum Kind : byte
    {
        Data = 0,
        Headers = 1,
        Reset = 3,
        Settings = 4,
        Ping = 6,
        WindowUpdate = 8,
        Continuation = 9,
    }

    /// <param name="streams">Requests.</param>
    /// <param name="method">Of each.</param>
    /// <param name="path">Of each.</param>
    /// <param name="type">Of its body.</param>
    /// <param name="body">The beginning of a body that goes on; empty: the request is whole.</param>
    /// <param name="indexedFields">Fields of 4 kB that each request has beside: sent once, and named in one byte from then on.</param>
    public static byte[] Requests(int streams, string method, Func<int, string> path, string type, string body, int indexedFields = 0)
    {
        using var bytes = Begin();
        var text = Encoding.ASCII.GetBytes(body);
        for (var i = 0; i < streams; i++)
        {
            var stream = (2 * i) + 1;
            using var fields = new MemoryStream();
            foreach (var (name, value) in new[] { (":method", method), (":scheme", "http"), (":path", path(i)), (":authority", "localhost"), ("content-type", type) })
                WriteField(fields, name, value);
            if (indexedFields > 0 && i == 0)
                WriteField(fields, "x", new string('x', IndexedBytes), isIndexed: true);
            for (var field = i == 0 ? 1 : 0; field < indexedFields; field++)
                fields.WriteByte(0x80 | FirstOwnIndex);
            Write(bytes, Kind.Headers, (byte)(EndHeaders | (text.Length == 0 ? EndStream : 0)), stream, fields.ToArray());
            foreach (var piece in text.Chunk(FrameBytes))
                Write(bytes, Kind.Data, flags: 0, stream, piece);
        }

        return bytes.ToArray();
    }

    /// <summary>A header section that does not end, in frames of 1 kB.</summary>
    public static byte[] HalfHeaders(int size)
    {
        using var bytes = Begin();
        for (var sent = 0; sent < size; sent += 1_000)
        {
            using var field = new MemoryStream();
            WriteField(field, $"x-{sent}", new string('x', 1_000));
            Write(bytes, sent == 0 ? Kind.Headers : Kind.Continuation, sent == 0 ? EndStream : (byte)0, stream: 1, field.ToArray());
        }

        return bytes.ToArray();
    }

    /// <summary>Frames that each want an answer.</summary>
    public static byte[] Questions(int count)
    {
        using var bytes = Begin();
        for (var i = 0; i < count; i++)
            Write(bytes, i % 2 == 0 ? Kind.Settings : Kind.Ping, flags: 0, stream: 0, i % 2 == 0 ? [] : new byte[8]);
        return bytes.ToArray();
    }

    /// <summary>Requests that are each taken back at once.</summary>
    public static byte[] Resets(int count)
    {
        using var bytes = Begin();
        for (var i = 0; i < count; i++)
        {
            using var fields = new MemoryStream();
            foreach (var (name, value) in new[] { (":method", "GET"), (":scheme", "http"), (":path", "/v1/jobs?limit=500"), (":authority", "localhost") })
                WriteField(fields, name, value);
            Write(bytes, Kind.Headers, EndHeaders | EndStream, (2 * i) + 1, fields.ToArray());
            Write(bytes, Kind.Reset, flags: 0, (2 * i) + 1, BigEndian(8));
        }

        return bytes.ToArray();
    }

    private static MemoryStream Begin()
    {
        var bytes = new MemoryStream();
        bytes.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        // 4 is the window of each stream; its largest value, so that nothing but the socket holds the server up.
        Write(bytes, Kind.Settings, flags: 0, stream: 0, [0, 4, .. BigEndian(Largest)]);
        Write(bytes, Kind.WindowUpdate, flags: 0, stream: 0, BigEndian(Largest - 65_535));
        return bytes;
    }

    private static void Write(MemoryStream bytes, Kind kind, byte flags, int stream, byte[] payload)
    {
        bytes.Write(BigEndian(payload.Length).AsSpan(1));
        bytes.WriteByte((byte)kind);
        bytes.WriteByte(flags);
        bytes.Write(BigEndian(stream));
        bytes.Write(payload);
    }

    /// <param name="fields">The header section.</param>
    /// <param name="name">New, not of the table.</param>
    /// <param name="value">Of the field.</param>
    /// <param name="isIndexed">It gets a place in the table.</param>
    private static void WriteField(MemoryStream fields, string name, string value, bool isIndexed = false)
    {
        fields.WriteByte(isIndexed ? (byte)0x40 : (byte)0);
        WriteText(fields, name);
        WriteText(fields, value);
    }

    /// <summary>Not compressed; its length in a prefix of seven bits.</summary>
    private static void WriteText(MemoryStream bytes, string text)
    {
        bytes.WriteByte((byte)Math.Min(text.Length, 127));
        if (text.Length >= 127)
        {
            var left = text.Length - 127;
            for (; left >= 128; left /= 128)
                bytes.WriteByte((byte)((left % 128) + 128));
            bytes.WriteByte((byte)left);
        }

        bytes.Write(Encoding.ASCII.GetBytes(text));
    }

    private static byte[] BigEndian(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}
