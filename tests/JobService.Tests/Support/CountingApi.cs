using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace JobService.Tests.Support;

/// <summary>An API that counts what it is asked: when each call arrived, the tokens that its body names, and how many calls were with it at once.</summary>
/// <remarks>One thread, blocking sockets and poll(2): all that has arrived is stamped before any of it is answered. The answer says what the call has cost.</remarks>
internal sealed class CountingApi : IDisposable
{
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Dictionary<Socket, byte[]> callers = [];
    private readonly Queue<(Socket Caller, long Arrival, int Tokens)> unanswered = new();
    private readonly List<(long At, int Tokens)> arrivals = [];
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly TimeSpan latency;
    private readonly Thread thread;
    private int mostAtOnce;
    private volatile bool stopped;

    /// <param name="latency">How long a call takes.</param>
    public CountingApi(TimeSpan latency)
    {
        this.latency = latency;
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        thread = new Thread(Serve) { IsBackground = true, Name = "counting API" };
        thread.Start();
    }

    public string BaseAddress => $"http://{listener.LocalEndPoint}";

    /// <summary>Ends the API.</summary>
    /// <returns>The calls in the order of their arrival, and how many were there at once at most.</returns>
    public CountedCalls Stop()
    {
        Dispose();
        return new CountedCalls(arrivals.ConvertAll(call => new CountedCall(Stopwatch.GetElapsedTime(arrivals[0].At, call.At), call.Tokens)), mostAtOnce);
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
            {
                unanswered.Dequeue();
                next.Caller.Send(Answer(next.Tokens));
            }
        }
    }

    private static byte[] Answer(int tokens)
    {
        var body = $$$"""{"usage":{"tokens":{{{tokens}}}}}""";
        return Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
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
        if (count == 0)
        {
            callers.Remove(socket);
            socket.Dispose();
            return;
        }

        byte[] received = [.. callers[socket], .. buffer.AsSpan(0, count)];
        callers[socket] = received;
        if (BodyOf(received) is not { } body)
            return;

        callers[socket] = [];
        var tokens = JsonDocument.Parse(body).RootElement.GetProperty("tokens").GetInt32();
        arrivals.Add((stamp, tokens));
        unanswered.Enqueue((socket, stamp, tokens));
        mostAtOnce = Math.Max(mostAtOnce, unanswered.Count);
    }

    /// <summary>The body of a request that is whole; callers send one at a time, each with its length.</summary>
    private static byte[]? BodyOf(byte[] received)
    {
        var head = received.AsSpan().IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return null;
        var length = Encoding.ASCII.GetString(received, 0, head).Split("\r\n").Single(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Split(':')[1];
        var body = received[(head + 4)..];
        return body.Length >= int.Parse(length, System.Globalization.CultureInfo.InvariantCulture) ? body : null;
    }
}
