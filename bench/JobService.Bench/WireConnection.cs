using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace JobService.Bench;

/// <summary>One keep-alive connection with at most one request on the way.</summary>
internal sealed class WireConnection : IDisposable
{
    private byte[] buffer = new byte[16 * 1024];
    private int filled;
    private long sentAt;

    public WireConnection(IPEndPoint server)
    {
        Socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Socket.Connect(server);
    }

    public Socket Socket { get; }

    public void Send(ReadOnlySpan<byte> request)
    {
        sentAt = Stopwatch.GetTimestamp();
        for (var sent = 0; sent < request.Length;)
            sent += Socket.Send(request[sent..]);
    }

    /// <summary>Takes what has arrived; waits when nothing has.</summary>
    /// <returns>The answer, or null while some of it is missing.</returns>
    public (int Status, TimeSpan Took)? Receive()
    {
        if (filled == buffer.Length)
            Array.Resize(ref buffer, buffer.Length * 2);
        var count = Socket.Receive(buffer.AsSpan(filled));
        if (count == 0)
            throw new IOException("The server closed the connection.");

        filled += count;
        var length = WireMessage.Measure(buffer.AsSpan(0, filled));
        if (length == 0)
            return null;
        if (length != filled)
            throw new IOException("The server sent more than one answer.");

        filled = 0;
        return (WireMessage.StatusOf(buffer), Stopwatch.GetElapsedTime(sentAt));
    }

    /// <summary>Sends and waits for the answer.</summary>
    public (int Status, TimeSpan Took) Exchange(ReadOnlySpan<byte> request)
    {
        Send(request);
        while (true)
        {
            if (Receive() is { } response)
                return response;
        }
    }

    public void Dispose() => Socket.Dispose();
}
