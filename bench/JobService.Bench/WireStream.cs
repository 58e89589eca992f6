using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobService.Bench;

/// <summary>One request with a body of any length and an answer of any length, both at once on blocking sockets: little of the cores that it shares with what it measures.</summary>
internal sealed class WireStream : IDisposable
{
    private readonly Socket socket;
    private readonly byte[] buffer = new byte[256 * 1024];

    public WireStream(IPEndPoint server, string request)
    {
        socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(server);
        Send(Encoding.ASCII.GetBytes(request));
    }

    /// <summary>Lines of jobs, as of <see cref="BenchService.Submission"/>.</summary>
    public static byte[] Jobs(int count) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(BenchService.Payload + "\n", count)));

    /// <summary>A request whose body is known.</summary>
    public static string Upload(string path, int bytes) =>
        $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: {bytes}\r\n\r\n";

    public static string Get(string path, string accept) => $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n\r\n";

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[socket.Send(bytes)..];
    }

    /// <summary>Reads until the text has come.</summary>
    /// <param name="each">Sees what has come each time.</param>
    /// <returns>How many line breaks came.</returns>
    public long ReadUntil(string end, Action<ReadOnlySpan<byte>>? each = null)
    {
        var wanted = Encoding.ASCII.GetBytes(end);
        var (lines, kept) = (0L, 0);
        while (true)
        {
            var count = socket.Receive(buffer.AsSpan(kept));
            if (count == 0)
                throw new IOException($"The server closed the connection before {end}: {Encoding.ASCII.GetString(buffer, 0, kept)}");
            var come = buffer.AsSpan(kept, count);
            each?.Invoke(come);
            lines += come.Count((byte)'\n');
            var all = buffer.AsSpan(0, kept + count);
            if (all.IndexOf(wanted) >= 0)
                return lines;
            kept = Math.Min(wanted.Length, all.Length); // the text may be cut in two
            all[^kept..].CopyTo(buffer);
        }
    }

    public void Dispose() => socket.Dispose();
}
