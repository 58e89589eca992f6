namespace JobService.Bench.Rows;

/// <summary>A list says of each queued job why it waits and at which place: that must not make it dearer than a list of finished jobs.</summary>
internal static class ListsRow
{
    private const int Jobs = 20_000;
    private const int Keys = 500;
    private const int Listed = 500;
    private const int Repeats = 30;

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutInstantQueueAsync("done");
        await service.PutAsync("/v1/limits/hourly", new { kind = "rate", permits = 1, periodSeconds = 3_600 });
        await service.PutAsync("/v1/limits/daily", new { kind = "window", permits = 1, periodSeconds = 86_400, scope = "perKey" });
        foreach (var queue in (string[])["deep", "wide"])
            await service.PutAsync($"/v1/queues/{queue}", new { target = new { kind = "simulated" }, limits = (string[])["hourly", "daily"], capacity = 100_000_000 });
        await service.RunThroughAsync("done", Jobs);
        await service.SubmitWhilePausedAsync("deep", Jobs, key: "one");
        for (var key = 0; key < Keys; key++)
            LoadGenerator.Run(service.Process.Address, BenchService.Submission("wide", key: $"key-{key}"), connections: 8, TimeSpan.FromMinutes(1), Jobs / Keys).Expecting(202);
        await service.ActAsync("/v1/queues/deep/resume");

        var (done, deep, wide) = (new Sample(), new Sample(), new Sample());
        // In turn, so that what else the machine does meets all of them.
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            await ListAsync(service, "done", done);
            await ListAsync(service, "deep", deep);
            await ListAsync(service, "wide", wide);
        }

        var finished = done.Percentile(0.5).TotalMilliseconds;
        var queued = Math.Max(deep.Percentile(0.5).TotalMilliseconds, wide.Percentile(0.5).TotalMilliseconds);
        await Console.Error.WriteLineAsync($"  {Listed} finished {finished:0.0} ms, deep in one lane {deep.Percentile(0.5).TotalMilliseconds:0.0} ms, of {Keys} keys {wide.Percentile(0.5).TotalMilliseconds:0.0} ms");
        return new Row($"{Listed} deep queued jobs listed ÷ the same finished", $"**{queued / finished:0.00}** ({queued:0.0} ms ÷ {finished:0.0} ms)", "≤ 2", queued / finished <= 2);
    }

    private static async Task ListAsync(BenchService service, string queue, Sample sample)
    {
        var since = TimeProvider.System.GetTimestamp();
        var page = await service.GetAsync($"/v1/jobs?queue={queue}&limit={Listed}");
        sample.Add(TimeProvider.System.GetElapsedTime(since));
        if (page.GetProperty("items").GetArrayLength() != Listed)
            throw new InvalidOperationException($"{page.GetProperty("items").GetArrayLength()} jobs were listed.");
    }
}
