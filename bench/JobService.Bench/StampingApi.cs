using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace JobService.Bench;

/// <summary>An API that notes when each call arrives, and answers as it is told: after the same time, and with 200 unless something else is wanted.</summary>
/// <remarks>One thread, blocking sockets and poll(2), as the load generator has it. All that has arrived is stamped before any of it is answered.</remarks>
internal sealed class StampingApi : IDisposable
{
    private static readonly byte[] Ok = Answer("200 OK");

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Dictionary<Socket, byte[]> callers = [];
    private readonly Queue<(Socket Caller, long Arrival, byte[] Answer)> unanswered = new();
    private readonly List<long> arrivals = [];
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly TimeSpan latency;
    private readonly Func<int, byte[]> response;
    private readonly Thread thread;
    private volatile bool stopped;

    /// <param name="latency">How long a call takes; whole milliseconds.</param>
    /// <param name="response">What the n-th call is answered, from 0.</param>
    public StampingApi(TimeSpan latency = default, Func<int, byte[]>? response = null)
    {
        this.latency = latency;
        this.response = response ?? (static _ => Ok);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        thread = new Thread(Serve) { IsBackground = true, Name = "stamping API" };
        thread.Start();
    }

    public string BaseAddress => $"http://{listener.LocalEndPoint}";

    /// <summary>Bytes of an answer without a body.</summary>
    public static byte[] Answer(string status, string headers = "") => System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n");

    /// <summary>Ends the API.</summary>
    /// <returns>When each call arrived, in their order, since the first.</returns>
    public IReadOnlyList<TimeSpan> Stop()
    {
        Dispose();
        return arrivals.ConvertAll(arrival => Stopwatch.GetElapsedTime(arrivals[0], arrival));
    }

    public void Dispose()
    {
        stopped = true;
        thread.Join();
        foreach (var socket in callers.Keys.Append(listener))
            socket.Dispose();
    }

    private void Serve()
    {
        var ready = new List<Socket>();
        while (!stopped)
        {
            ready.Clear();
            ready.Add(listener);
            ready.AddRange(callers.Keys);
            Socket.Select(ready, null, null, (int)Wait().TotalMicroseconds);
            ready.ForEach(Receive);
            while (unanswered.TryPeek(out var next) && Stopwatch.GetElapsedTime(next.Arrival) >= latency)
                unanswered.Dequeue().Caller.Send(next.Answer);
        }
    }

    /// <summary>Up to the next answer, rounded up to what poll(2) can wait.</summary>
    private TimeSpan Wait() => TimeSpan.FromMilliseconds(
        unanswered.TryPeek(out var next) ? Math.Max(0, Math.Ceiling((latency - Stopwatch.GetElapsedTime(next.Arrival)).TotalMilliseconds)) : 100);

    private void Receive(Socket socket)
    {
        if (socket == listener)
        {
            var caller = listener.Accept();
            caller.NoDelay = true;
            callers.Add(caller, []);
            return;
        }

        var count = socket.Receive(buffer);
        var stamp = Stopwatch.GetTimestamp();
        byte[] received = [.. callers[socket], .. buffer.AsSpan(0, count)];
        if (count == 0)
        {
            callers.Remove(socket);
            socket.Dispose();
        }
        else if (WireMessage.Measure(received) == 0)
        {
            callers[socket] = received;
        }
        else
        {
            callers[socket] = [];
            unanswered.Enqueue((socket, stamp, response(arrivals.Count)));
            arrivals.Add(stamp);
        }
    }
}
