using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobService.Bench;

/// <summary>Many open streams of events, read by one thread that looks at all of them ten times a second: it shares the cores with what it measures and must cost little.</summary>
internal sealed class OpenStreams : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource stop = new();
    private readonly List<Socket> sockets;
    private readonly Task reading;
    private long bytes;

    private OpenStreams(List<Socket> sockets)
    {
        this.sockets = sockets;
        reading = Task.Factory.StartNew(Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public long Bytes => Interlocked.Read(ref bytes);

    /// <param name="server">The service.</param>
    /// <param name="paths">One stream each.</param>
    /// <returns>When every stream has begun.</returns>
    public static OpenStreams Open(IPEndPoint server, IEnumerable<string> paths) => new([.. paths.Select(path => Begin(server, path))]);

    /// <summary>A stream that has begun: its headers are read.</summary>
    public static Socket Begin(IPEndPoint server, string path)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(server);
        socket.Send(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
        var buffer = new byte[4_096];
        var head = Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
        return head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) ? socket : throw new InvalidOperationException($"{path}: {head}");
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await reading;
        sockets.ForEach(socket => socket.Dispose());
        stop.Dispose();
    }

    private void Read()
    {
        var buffer = new byte[256 * 1024];
        while (!stop.Token.WaitHandle.WaitOne(Look))
        {
            foreach (var socket in sockets)
            {
                while (socket.Available > 0)
                    Interlocked.Add(ref bytes, socket.Receive(buffer));
            }
        }
    }
}
