using System.Net.Sockets;
using System.Text;
using JobService.Tests.Support;

namespace JobService.Tests.Judges.Memory;

/// <summary>An API that answers each request with a body of so many bytes, or takes it and does not answer.</summary>
internal sealed class LargeApi : IAsyncDisposable
{
    private readonly LoopbackServer server;
    private readonly byte[]? response;
    private int arrived;

    /// <param name="bytes">Of the body; null: it never answers.</param>
    /// <param name="letter">What the body consists of.</param>
    public LargeApi(int? bytes, char letter = 'x')
    {
        response = bytes is { } count ? Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: {count}\r\n\r\n{new string(letter, count)}") : null;
        server = new LoopbackServer((client, stop) => ServeAsync(client.Client, stop));
    }

    public string Address => $"http://127.0.0.1:{server.Port}";

    /// <summary>Requests whose first bytes have come.</summary>
    public int Arrived => Volatile.Read(ref arrived);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task ServeAsync(Socket socket, CancellationToken stop)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            if (await socket.ReceiveAsync(buffer, SocketFlags.None, stop) == 0)
                return;
            Interlocked.Increment(ref arrived);
            for (ReadOnlyMemory<byte> left = response ?? []; !left.IsEmpty;)
                left = left[await socket.SendAsync(left, SocketFlags.None, stop)..];
            if (response is not null)
                socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(buffer, SocketFlags.None, stop) > 0)
            {
                // Whatever else comes.
            }
        }
        catch (Exception end) when (end is SocketException or OperationCanceledException)
        {
            // Nobody reads on, or the API stops.
        }
    }
}
