using System.Diagnostics;

namespace JobService.Bench.Rows;

/// <summary>What open streams of events cost while a queue drains, half of them watching everything and half another queue: in turns with a service that nobody watches.</summary>
internal static class StreamsRow
{
    private const string Queue = "bench";
    private const int Jobs = 50_000;
    private const int Streams = 1_000;
    private const int Rounds = 9;

    public static async Task<Row> MeasureAsync()
    {
        await using var watched = await StartAsync();
        await using var alone = await StartAsync();
        await using var streams = OpenStreams.Open(
            watched.Process.Address, Enumerable.Range(0, Streams).Select(number => number % 2 == 0 ? "/v1/events" : "/v1/events?queue=other"));

        var (ratios, work, memory) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            var (one, other) = (await Drained.MeasureAsync(watched, Queue, Jobs), await Drained.MeasureAsync(alone, Queue, Jobs));
            var more = (watched.Process.Memory - alone.Process.Memory) / 1e6;
            await Console.Error.WriteLineAsync(
                $"  round {round}: {one.PerSecond:n0}/s ÷ {other.PerSecond:n0}/s = {one.PerSecond / other.PerSecond:0.000}, CPU a job {one.Microseconds:0.0} ÷ {other.Microseconds:0.0} µs, "
                + $"{more:0} MB more, {streams.Bytes / 1e6:0} MB read");
            if (round == 0)
                continue; // warms up
            ratios.Add(one.PerSecond / other.PerSecond);
            work.Add(one.Microseconds / other.Microseconds);
            memory.Add(more);
        }

        var seen = await LatencyAsync(alone);
        var (ratio, megabytes, p50) = (Sample.Median(ratios), memory.Max(), seen.Percentile(0.5).TotalMilliseconds);
        return new Row(
            $"drain with {Streams:n0} open streams of events ÷ without; memory; submit to seen by a single stream",
            $"**{ratio:0.00}** (CPU a job {Sample.Median(work):0.00}), **{megabytes:0} MB more**, **p50 {p50:0.00} ms** (p99 {seen.Percentile(0.99).TotalMilliseconds:0.00})",
            "0.90, ≤ 150 MB, p50 ≤ 2 ms", ratio >= 0.9 && megabytes <= 150 && p50 <= 2);
    }

    private static async Task<BenchService> StartAsync()
    {
        var service = await BenchService.StartAsync();
        await service.PutInstantQueueAsync(Queue);
        return service;
    }

    /// <summary>From the request to the event: the commit and the answer lie between.</summary>
    private static async Task<Sample> LatencyAsync(BenchService service)
    {
        const int Count = 300;
        await service.ActAsync($"/v1/queues/{Queue}/pause");
        using var stream = OpenStreams.Begin(service.Process.Address, $"/v1/events?queue={Queue}");
        using var line = new WireConnection(service.Process.Address);
        var (request, buffer, seen) = (BenchService.Submission(Queue), new byte[4_096], new Sample());
        for (var number = 0; number < Count; number++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System); // at its ease: a stream that has much to tell tells it in pages
            var started = Stopwatch.GetTimestamp();
            line.Send(request);
            await stream.ReceiveAsync(buffer);
            seen.Add(Stopwatch.GetElapsedTime(started));
            while (line.Receive() is null)
            {
                // The rest of the answer.
            }
        }

        return seen;
    }
}
