using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Bench.Limiters;

/// <summary>Lets public limiters judge the service, a few at a time, and prints what they have seen as the tables of docs/limiters.md.</summary>
internal static class LimiterTable
{
    /// <summary>Ten calls a second each: the machine hardly notices them.</summary>
    private const int AtOnce = 4;

    private static readonly TimeSpan LimitedGuard = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan UnlimitedGuard = TimeSpan.FromSeconds(120);

    /// <returns>The exit code: 1 when one of them has refused a call, or was not used.</returns>
    public static async Task<int> MeasureAsync(LimiterChoice choice)
    {
        var rows = new List<LimiterRow>();
        await using var service = await BenchService.StartAsync();
        await WarmUpAsync(service);
        foreach (var rigs in choice.Rigs.Chunk(AtOnce))
        {
            await Console.Error.WriteLineAsync($"{string.Join(", ", rigs.AsEnumerable())} …");
            var limited = await JudgeAsync(service, rigs, rig => choice.Limit ?? rig.Limit, LimitedGuard);
            var unlimited = choice.IsOnlyLimited ? null : await JudgeAsync(service, rigs, _ => null, UnlimitedGuard);
            foreach (var (number, rig) in rigs.Index())
            {
                var allows = rig.PassesLess ? await EagerClient.MeasureAsync(rig) : LimiterRig.PerSecond;
                var row = new LimiterRow(rig, limited[number].Refusal, choice.Limit ?? rig.Limit, allows, limited[number].Report, unlimited?[number].Report);
                await Console.Error.WriteLineAsync(row.Measured);
                rows.Add(row);
            }
        }

        Console.WriteLine(LimiterRow.Tables(rows));
        if (choice.Writes)
            LimiterDocument.Write(rows);
        return rows.TrueForAll(row => row.Reached) ? 0 : 1;
    }

    /// <summary>All are started before the first call: the start of a program costs its neighbours the core.</summary>
    private static async Task<(LimiterReport Report, string Refusal)[]> JudgeAsync(
        BenchService service, LimiterRig[] rigs, Func<LimiterRig, JsonElement?> limit, TimeSpan guard)
    {
        var running = await Task.WhenAll(rigs.Select(RunningLimiter.StartAsync));
        try
        {
            return await Task.WhenAll(rigs.Select(async (rig, number) =>
            {
                var limiter = running[number];
                var name = limit(rig) is null ? $"{rig.Name}-without" : rig.Name;
                if (limit(rig) is { } body)
                    await service.PutAsync($"/v1/limits/{name}", body);
                await service.PutAsync($"/v1/queues/{name}", rig.QueueFor(limiter.BaseAddress, limit(rig) is null ? [] : [name]));
                await RunAsync(service, name, guard);
                var refusal = await LimiterRefusal.ReadAsync(limiter.Client);
                return (await limiter.StopAndReportAsync(), refusal);
            }));
        }
        finally
        {
            foreach (var limiter in running)
                await limiter.DisposeAsync();
        }
    }

    private static async Task RunAsync(BenchService service, string queue, TimeSpan guard)
    {
        await service.ActAsync($"/v1/queues/{queue}/pause");
        await service.PostAsync("/v1/batches", new
        {
            queue,
            defaults = new { request = new { method = "GET", path = "/" } },
            jobs = Enumerable.Range(1, LimiterRow.Jobs).Select(payload => new { payload }),
        });
        await service.ActAsync($"/v1/queues/{queue}/resume");
        try
        {
            await Drained.WaitAsync(service, queue, guard);
        }
        catch (TimeoutException)
        {
            await service.ActAsync($"/v1/queues/{queue}/purge");
        }
    }

    /// <summary>What the service has not done before takes it longer: the judges see the second hundred of calls.</summary>
    private static async Task WarmUpAsync(BenchService service)
    {
        using var api = new StampingApi(TimeSpan.Zero);
        await service.PutAsync("/v1/limits/warm-up", new { kind = "rate", permits = 100 });
        string[] limits = ["warm-up"];
        await service.PutAsync("/v1/queues/warm-up", new { target = new { kind = "http", baseAddress = api.BaseAddress }, limits });
        await RunAsync(service, "warm-up", LimitedGuard);
    }
}
