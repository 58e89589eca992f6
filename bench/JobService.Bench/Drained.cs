using System.Diagnostics;

namespace JobService.Bench;

/// <summary>Sees when a queue is empty without taking much of what it measures.</summary>
internal static class Drained
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(5);

    /// <summary>Fills a queue while it is paused, and lets it go: jobs a second, and the processor time of the service for each.</summary>
    public static async Task<(double PerSecond, double Microseconds)> MeasureAsync(BenchService service, string queue, int jobs, byte[]? submission = null)
    {
        await service.ActAsync($"/v1/queues/{queue}/pause");
        LoadGenerator.Run(service.Process.Address, submission ?? BenchService.Submission(queue), BenchService.ManyConnections, TimeSpan.FromMinutes(5), jobs).Expecting(202);
        var (started, used) = (Stopwatch.GetTimestamp(), service.Process.CpuTime);
        await service.ActAsync($"/v1/queues/{queue}/resume");
        await WaitAsync(service, queue);
        return (jobs / Stopwatch.GetElapsedTime(started).TotalSeconds, (service.Process.CpuTime - used).TotalMicroseconds / jobs);
    }

    /// <summary>Asks rarely while much is left, and more often towards the end.</summary>
    public static Task WaitAsync(BenchService service, string queue) => WaitAsync(service, queue, HangGuard);

    /// <summary>The same, but no longer than a guard of its own.</summary>
    public static async Task WaitAsync(BenchService service, string queue, TimeSpan guard)
    {
        var started = Stopwatch.GetTimestamp();
        long? before = null;
        var wait = Least;
        while (Stopwatch.GetElapsedTime(started) < guard)
        {
            var (_, unfinished) = await service.CountAsync(queue);
            if (unfinished == 0)
                return;

            if (before - unfinished is > 0 and var done)
                wait = Clamp(wait * (unfinished / (double)done) / 2);
            before = unfinished;
            await Task.Delay(wait, TimeProvider.System);
        }

        throw new TimeoutException($"The queue is not empty: {before} jobs are left.");
    }

    private static TimeSpan Clamp(TimeSpan wait) => wait < Least ? Least : wait > Most ? Most : wait;
}
