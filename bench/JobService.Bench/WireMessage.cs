using System.Buffers.Text;

namespace JobService.Bench;

/// <summary>As much of HTTP/1.1 as a load generator and an API under measurement need: where a message ends, and the status of an answer.</summary>
internal static class WireMessage
{
    private const int StatusAt = 9; // behind "HTTP/1.1 "

    /// <summary>The status of an answer that is whole.</summary>
    public static int StatusOf(ReadOnlySpan<byte> response) => Utf8Parser.TryParse(response[StatusAt..], out int status, out _) ? status : 0;

    /// <returns>Length of the whole message at the start of <paramref name="received"/>; 0 while some of it is missing.</returns>
    public static int Measure(ReadOnlySpan<byte> received)
    {
        var head = received.IndexOf("\r\n\r\n"u8) + 4;
        if (head < 4)
            return 0;

        var (contentLength, chunked) = ReadFraming(received[..(head - 2)]);
        if (chunked)
            return MeasureChunks(received, head);
        return received.Length >= head + contentLength ? head + contentLength : 0;
    }

    private static (int ContentLength, bool Chunked) ReadFraming(ReadOnlySpan<byte> lines)
    {
        while (lines.Length > 0)
        {
            var end = lines.IndexOf("\r\n"u8);
            var line = lines[..end];
            lines = lines[(end + 2)..];
            if (ValueOf(line, "Content-Length: "u8, out var value) && Utf8Parser.TryParse(value, out int length, out _))
                return (length, false);
            if (ValueOf(line, "Transfer-Encoding: "u8, out _))
                return (0, true);
        }

        return (0, false);
    }

    private static bool ValueOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var found = line.Length > name.Length && System.Text.Ascii.EqualsIgnoreCase(line[..name.Length], name);
        value = found ? line[name.Length..] : default;
        return found;
    }

    private static int MeasureChunks(ReadOnlySpan<byte> received, int at)
    {
        while (Utf8Parser.TryParse(received[at..], out int size, out var digits, 'x') && received[at..].IndexOf("\r\n"u8) == digits)
        {
            at += digits + 2 + size + 2;
            if (at > received.Length)
                return 0;
            if (size == 0)
                return at;
        }

        return 0;
    }
}
