using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobService.Tests.Support;

/// <summary>A small HTTP proxy: CONNECT and plain requests, both led to one place whatever they ask for.</summary>
internal sealed class ProxyServer : IAsyncDisposable
{
    private readonly LoopbackServer server;
    private readonly int port;
    private readonly string? credentials;

    /// <param name="port">Where on 127.0.0.1 everything is led to.</param>
    /// <param name="credentials">What it asks for, as user:password; null: nothing.</param>
    public ProxyServer(int port, string? credentials = null)
    {
        (this.port, this.credentials) = (port, credentials);
        server = new LoopbackServer(ServeAsync);
    }

    public string Address => $"http://127.0.0.1:{server.Port}";

    /// <summary>The first line of each request that it has served.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        try
        {
            var near = client.GetStream();
            var head = await HeadAsync(near, stop);
            while (credentials is not null && !head.Contains($"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes(credentials))}", StringComparison.OrdinalIgnoreCase))
            {
                await near.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 407 Authenticate\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"), stop);
                head = await HeadAsync(near, stop);
            }

            Lines.Enqueue(head[..head.IndexOf('\r', StringComparison.Ordinal)]);
            using var target = new TcpClient();
            await target.ConnectAsync(IPAddress.Loopback, port, stop);
            var far = target.GetStream();
            if (head.StartsWith("CONNECT ", StringComparison.Ordinal))
                await near.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 Connected\r\n\r\n"), stop);
            else
                await far.WriteAsync(Encoding.Latin1.GetBytes(head), stop);
            await Task.WhenAny(near.CopyToAsync(far, stop), far.CopyToAsync(near, stop));
        }
        catch (Exception end) when (end is IOException or SocketException or OperationCanceledException)
        {
            // One of both has gone.
        }
    }

    /// <summary>Up to the empty line, and what has come with it.</summary>
    private static async Task<string> HeadAsync(NetworkStream from, CancellationToken stop)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var count = await from.ReadAsync(buffer, stop);
            if (count == 0)
                throw new IOException("The client has closed.");
            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
