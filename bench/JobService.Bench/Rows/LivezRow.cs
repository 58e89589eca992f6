using System.Text;

namespace JobService.Bench.Rows;

/// <summary>Whether the service stays awake while every processing slot burns CPU.</summary>
internal static class LivezRow
{
    private const int Probes = 1_000;

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync(
            "/v1/queues/burns", new { target = new { kind = "simulated" }, maxConcurrency = 64, process = new { kind = "simulated", cpuSeconds = 20 } });
        LoadGenerator.Run(service.Process.Address, BenchService.Submission("burns"), connections: 8, TimeSpan.FromMinutes(1), count: 256).Expecting(202);

        var latency = new Sample();
        var probe = Encoding.ASCII.GetBytes("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        using var connection = new WireConnection(service.Process.Address);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        var cpuBefore = service.Process.CpuTime;
        for (var number = 0; number < Probes; number++)
        {
            await pace.WaitForNextTickAsync();
            var (status, took) = connection.Exchange(probe);
            if (status != 200)
                throw new InvalidOperationException($"/livez answered {status}.");
            latency.Add(took);
        }

        var burnt = service.Process.CpuTime - cpuBefore;
        await Console.Error.WriteLineAsync($"  the service burnt {burnt.TotalSeconds:0.0} s of CPU meanwhile");
        var p99 = latency.Percentile(0.99).TotalMilliseconds;
        return new Row("`/livez` p99 while all processing slots burn CPU", $"**{p99:0.0} ms** (slowest {latency.Max.TotalMilliseconds:0.0} ms)", "≤ 50 ms", p99 <= 50);
    }
}
