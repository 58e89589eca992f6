namespace JobService.Bench.Rows;

/// <summary>Two full queues at one limit, of share 9 and 1, the second with twenty keys: how they share it.</summary>
internal static class QueuesRow
{
    private const int Permits = 200;
    private const double Share = 9;
    private const int KeysOfBatch = 20;
    private const double Tolerance = 0.02;

    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(12);
    private static readonly string[] Limits = ["bench"];

    public static async Task<Row> MeasureAsync()
    {
        await using var service = await BenchService.StartAsync();
        await service.PutAsync("/v1/limits/bench", new { kind = "rate", permits = Permits });
        await service.PutAsync("/v1/queues/chat", new { target = new { kind = "simulated" }, limits = Limits, share = Share });
        await service.PutAsync("/v1/queues/nightly", new { target = new { kind = "simulated" }, limits = Limits });
        var jobs = (int)(2 * Permits * Watched.TotalSeconds);
        await service.SubmitWhilePausedAsync("chat", jobs);
        for (var key = 0; key < KeysOfBatch; key++)
            await service.SubmitWhilePausedAsync("nightly", jobs / KeysOfBatch, $"{key}");
        foreach (var queue in (string[])["nightly", "chat"])
            await service.ActAsync($"/v1/queues/{queue}/resume");
        // What goes between the two is the first queue's alone.
        var (chatBefore, nightlyBefore) = await CountAsync(service);
        await Task.Delay(Watched, TimeProvider.System);
        var (chat, nightly) = await CountAsync(service);

        var ratio = (double)(chat - chatBefore) / (nightly - nightlyBefore);
        return new Row(
            $"two full queues of share {Share} and 1, one key and {KeysOfBatch}, {Watched.TotalSeconds} s at {Permits}/s",
            $"**{ratio:0.00} : 1** ({chat - chatBefore + nightly - nightlyBefore:n0} calls)",
            "9 : 1 within 2 %",
            Math.Abs((ratio / Share) - 1) <= Tolerance);
    }

    private static async Task<(long Chat, long Nightly)> CountAsync(BenchService service) =>
        ((await service.CountAsync("chat")).Succeeded, (await service.CountAsync("nightly")).Succeeded);
}
