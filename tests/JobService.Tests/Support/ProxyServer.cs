using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobService.Tests.Support;

/// <summary>A small HTTP proxy: CONNECT and plain requests, both led to one place whatever they ask for.</summary>
internal sealed class ProxyServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly int port;
    private readonly string? credentials;
    private readonly Task accepting;

    /// <param name="port">Where on 127.0.0.1 everything is led to.</param>
    /// <param name="credentials">What it asks for, as user:password; null: nothing.</param>
    public ProxyServer(int port, string? credentials = null)
    {
        (this.port, this.credentials) = (port, credentials);
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Address => $"http://{listener.LocalEndpoint}";

    /// <summary>The first line of each request that it has served.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await accepting;
        listener.Stop();
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var near = client.GetStream();
                var head = await HeadAsync(near);
                while (credentials is not null && !head.Contains($"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes(credentials))}", StringComparison.OrdinalIgnoreCase))
                {
                    await near.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 407 Authenticate\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"), stopping.Token);
                    head = await HeadAsync(near);
                }

                Lines.Enqueue(head[..head.IndexOf('\r', StringComparison.Ordinal)]);
                using var target = new TcpClient();
                await target.ConnectAsync(IPAddress.Loopback, port, stopping.Token);
                var far = target.GetStream();
                if (head.StartsWith("CONNECT ", StringComparison.Ordinal))
                    await near.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 Connected\r\n\r\n"), stopping.Token);
                else
                    await far.WriteAsync(Encoding.Latin1.GetBytes(head), stopping.Token);
                await Task.WhenAny(near.CopyToAsync(far, stopping.Token), far.CopyToAsync(near, stopping.Token));
            }
            catch (Exception end) when (end is IOException or OperationCanceledException)
            {
                // One of both has gone.
            }
        }
    }

    /// <summary>Up to the empty line, and what has come with it.</summary>
    private async Task<string> HeadAsync(NetworkStream from)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var count = await from.ReadAsync(buffer, stopping.Token);
            if (count == 0)
                throw new IOException("The client has closed.");
            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
