using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace JobService.Bench;

/// <summary>Keeps so many connections busy with one request each, bounded by count and by time.</summary>
/// <remarks>One thread, blocking sockets and poll(2): it shares the cores with what it measures and must cost little.</remarks>
internal static class LoadGenerator
{
    private const int PollMicroseconds = 100_000;

    public static LoadResult Run(IPEndPoint server, byte[] request, int connections, TimeSpan atMost, int count = int.MaxValue)
    {
        var lines = Enumerable.Range(0, connections).Select(_ => new WireConnection(server)).ToDictionary(line => line.Socket);
        var busy = lines.Keys.ToHashSet();
        var ready = new List<Socket>(connections);
        var result = new LoadResult();
        var started = Stopwatch.GetTimestamp();
        var sent = 0;
        foreach (var line in lines.Values.Take(count))
        {
            line.Send(request);
            sent++;
        }

        while (result.Answers < sent)
        {
            ready.Clear();
            ready.AddRange(busy);
            Socket.Select(ready, null, null, PollMicroseconds);
            var goesOn = Stopwatch.GetElapsedTime(started) < atMost;
            foreach (var socket in ready)
            {
                var line = lines[socket];
                if (line.Receive() is not { } response)
                    continue;

                result.Add(response.Status, response.Took);
                if (goesOn && sent < count)
                {
                    line.Send(request);
                    sent++;
                }
                else
                {
                    busy.Remove(socket);
                }
            }
        }

        result.Elapsed = Stopwatch.GetElapsedTime(started);
        foreach (var line in lines.Values)
            line.Dispose();
        return result;
    }
}
