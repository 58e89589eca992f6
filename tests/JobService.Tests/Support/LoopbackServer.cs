using System.Net;
using System.Net.Sockets;

namespace JobService.Tests.Support;

/// <summary>Accepts connections on a loopback address until it is disposed, and then waits for those who serve them.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task accepting;

    /// <param name="serve">One connection, to its end; it is closed behind it.</param>
    /// <param name="at">Where it listens. Default: a free port.</param>
    public LoopbackServer(Func<TcpClient, CancellationToken, Task> serve, IPEndPoint? at = null)
    {
        listener = new TcpListener(at ?? new IPEndPoint(IPAddress.Loopback, 0));
        listener.Start();
        accepting = AcceptAsync(serve);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await accepting;
        listener.Dispose();
        stopping.Dispose();
    }

    private async Task AcceptAsync(Func<TcpClient, CancellationToken, Task> serve)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token), serve));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client, Func<TcpClient, CancellationToken, Task> serve)
    {
        using (client)
        {
            try
            {
                await serve(client, stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // The server stops while the connection is still open.
            }
        }
    }
}
