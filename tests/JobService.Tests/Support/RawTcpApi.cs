using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobService.Tests.Support;

/// <summary>An API made of bare sockets: it sees each request that is on the wire, also those the HTTP stack never tells about, and answers as badly as asked.</summary>
/// <param name="Head">Request line and header fields, as they came.</param>
/// <param name="Connection">Number of the connection it came on, from 1.</param>
/// <param name="Number">Number of the request, from 1.</param>
public sealed record WireRequest(string Head, byte[] Body, int Connection, int Number)
{
    public string RequestLine => Head[..Head.IndexOf('\r', StringComparison.Ordinal)];

    public string Text => Encoding.UTF8.GetString(Body);

    public IReadOnlyList<string> Header(string name) =>
    [
        .. Head.Split("\r\n").Skip(1).Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            .Select(line => line[(name.Length + 1)..].Trim()),
    ];
}

/// <summary>What the API does with a request.</summary>
public delegate Task WireReply(WireConnection connection, CancellationToken stop);

public sealed class RawTcpApi : IAsyncDisposable
{
    private readonly LoopbackServer server;
    private readonly ConcurrentQueue<WireRequest> requests = new();
    private readonly TaskCompletionSource clientGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<WireRequest> firstRequest = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<WireRequest, WireReply> script;
    private int connectionCount;
    private int requestCount;

    /// <param name="script">What becomes of each request.</param>
    /// <param name="at">Where it listens. Default: a free port of 127.0.0.1.</param>
    public RawTcpApi(Func<WireRequest, WireReply> script, IPEndPoint? at = null)
    {
        this.script = script;
        server = new LoopbackServer((client, stop) => ServeAsync(client.Client, stop), at);
    }

    public RawTcpApi(WireReply always)
        : this(_ => always)
    {
    }

    public int Port => server.Port;

    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>Whole requests, in the order they came.</summary>
    public IReadOnlyCollection<WireRequest> Requests => requests;

    public WireRequest OnlyRequest => Assert.Single(requests);

    public int ConnectionCount => Volatile.Read(ref connectionCount);

    /// <summary>Completes with the first request.</summary>
    public Task<WireRequest> FirstRequest => firstRequest.Task.WaitAsync(Patience.Hang);

    /// <summary>Completes when a client has closed or broken a connection.</summary>
    public Task ClientGone => clientGone.Task.WaitAsync(Patience.Hang);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task ServeAsync(Socket socket, CancellationToken stop)
    {
        var number = Interlocked.Increment(ref connectionCount);
        using var connection = new WireConnection(socket);
        try
        {
            while (connection.IsOpen && await connection.ReadAsync(stop) is var (head, body))
            {
                var request = new WireRequest(head, body, number, Interlocked.Increment(ref requestCount));
                requests.Enqueue(request);
                firstRequest.TrySetResult(request);
                await script(request)(connection, stop);
            }

            if (connection.IsOpen)
                clientGone.TrySetResult();
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            clientGone.TrySetResult();
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            connection.Reset();
        }
    }
}

/// <summary>The server's end of one connection.</summary>
public sealed class WireConnection(Socket socket) : IDisposable
{
    private readonly byte[] buffer = new byte[16 * 1024];
    private readonly List<byte> unread = [];

    public bool IsOpen { get; private set; } = true;

    public async Task SendAsync(string text, CancellationToken stop) => await SendAsync(Encoding.Latin1.GetBytes(text), stop);

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, stop)..];
    }

    /// <summary>Completes when the client closes; throws when it breaks the connection.</summary>
    public async Task WaitForEndAsync(CancellationToken stop)
    {
        while (await socket.ReceiveAsync(buffer, SocketFlags.None, stop) > 0)
            unread.Clear();
        throw new IOException("The client has closed.");
    }

    public void Close()
    {
        IsOpen = false;
        socket.Shutdown(SocketShutdown.Both);
        socket.Close();
    }

    public void Reset()
    {
        IsOpen = false;
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    public void Dispose() => socket.Dispose();

    internal async Task<(string Head, byte[] Body)?> ReadAsync(CancellationToken stop)
    {
        int end;
        while ((end = IndexOfEnd()) < 0)
        {
            if (!await ReceiveAsync(stop))
                return null;
        }

        var head = Encoding.Latin1.GetString([.. unread.Take(end)]);
        var length = head.Split("\r\n").Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(line => int.Parse(line["Content-Length:".Length..], CultureInfo.InvariantCulture)).SingleOrDefault();
        while (unread.Count < end + 4 + length)
        {
            if (!await ReceiveAsync(stop))
                return null;
        }

        byte[] body = [.. unread.Skip(end + 4).Take(length)];
        unread.RemoveRange(0, end + 4 + length);
        return (head, body);
    }

    private int IndexOfEnd() => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(unread).IndexOf("\r\n\r\n"u8);

    private async Task<bool> ReceiveAsync(CancellationToken stop)
    {
        var count = await socket.ReceiveAsync(buffer, SocketFlags.None, stop);
        unread.AddRange(buffer.AsSpan(0, count));
        return count > 0;
    }
}
