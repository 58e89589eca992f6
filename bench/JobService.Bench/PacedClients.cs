using System.Diagnostics;
using System.Net;

namespace JobService.Bench;

/// <summary>Clients that do nothing but call, one call each at a time, and together keep the pace that a limit asks for: what so many calls at once can reach.</summary>
internal static class PacedClients
{
    /// <returns>Calls in a second.</returns>
    public static async Task<double> MeasureAsync(IPEndPoint server, byte[] request, int atOnce, int ratePerSecond, TimeSpan lasting)
    {
        var interval = Stopwatch.Frequency / ratePerSecond;
        var started = Stopwatch.GetTimestamp();
        var nextStart = started;
        var pace = new Lock();
        var calls = await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Factory.StartNew(Call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return calls.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;

        int Call()
        {
            using var line = new WireConnection(server);
            var count = 0;
            for (; Stopwatch.GetElapsedTime(started) < lasting; count++)
            {
                var start = Reserve();
                while (Stopwatch.GetTimestamp() < start)
                    Thread.SpinWait(20);
                if (line.Exchange(request).Status != 200)
                    throw new InvalidOperationException("A call was refused.");
            }

            return count;
        }

        long Reserve()
        {
            lock (pace)
            {
                var start = Math.Max(Stopwatch.GetTimestamp(), nextStart);
                nextStart = start + interval;
                return start;
            }
        }
    }
}
