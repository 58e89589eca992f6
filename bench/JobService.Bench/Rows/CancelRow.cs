using System.Diagnostics;

namespace JobService.Bench.Rows;

/// <summary>From the POST of the cancel until the job has ended: in the middle of a call, and in the middle of processing.</summary>
internal static class CancelRow
{
    private const int Jobs = 50;

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync("/v1/queues/calls", new { target = new { kind = "simulated", latencySeconds = new { min = 60, max = 60 } } });
        await service.PutAsync("/v1/queues/burns", new { target = new { kind = "simulated" }, process = new { kind = "simulated", cpuSeconds = 20 } });

        var calls = await CancelAllAsync(service, "calls");
        var burns = await CancelAllAsync(service, "burns");

        var (call, burn) = (calls.Max.TotalMilliseconds, burns.Max.TotalMilliseconds);
        return new Row(
            $"running job after cancel, the slowest of {Jobs}",
            $"**call {call:0.0} ms, processing {burn:0.0} ms** (p50 {calls.Percentile(0.5).TotalMilliseconds:0.0}, {burns.Percentile(0.5).TotalMilliseconds:0.0} ms)",
            "≤ 200 ms",
            Math.Max(call, burn) <= 200);
    }

    private static async Task<Sample> CancelAllAsync(BenchService service, string queue)
    {
        var sample = new Sample();
        for (var job = 0; job < Jobs; job++)
        {
            var id = (await service.PostAsync("/v1/jobs", new { queue, payload = job })).GetProperty("id").GetString();
            while ((await service.GetAsync($"/v1/jobs/{id}")).GetProperty("state").GetString() != "running")
            {
                // The next look takes a millisecond by itself.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System); // into the middle of the call, or past it
            var started = Stopwatch.GetTimestamp();
            await service.ActAsync($"/v1/jobs/{id}/cancel");
            var ended = await service.GetAsync($"/v1/jobs/{id}?wait=30");
            sample.Add(Stopwatch.GetElapsedTime(started));
            if (ended.GetProperty("state").GetString() != "cancelled")
                throw new InvalidOperationException($"Not cancelled: {ended}");
        }

        return sample;
    }
}
