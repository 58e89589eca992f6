using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Bench.Limiters;

/// <summary>Lets public limiters judge the service, a few at a time, and prints what they have seen as the table of docs/limiters.md.</summary>
internal static class LimiterTable
{
    /// <summary>Ten calls a second each: the machine hardly notices them.</summary>
    private const int AtOnce = 4;

    private static readonly TimeSpan LimitedGuard = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan UnlimitedGuard = TimeSpan.FromSeconds(120);

    /// <param name="arguments">Names of limiters, all when there are none; <c>--limit JSON</c> measures them with another limit than the table's; <c>--only-limited</c> leaves the runs without a limit out.</param>
    /// <returns>The exit code: 1 when one of them has refused a call, or was not used.</returns>
    public static async Task<int> MeasureAsync(IEnumerable<string> arguments)
    {
        var words = new Queue<string>(arguments);
        var names = new List<string>();
        JsonElement? limit = null;
        var isOnlyLimited = false;
        while (words.TryDequeue(out var word))
        {
            if (word == "--limit")
                limit = JsonSerializer.Deserialize<JsonElement>(words.Dequeue());
            else if (word == "--only-limited")
                isOnlyLimited = true;
            else
                names.Add(word);
        }

        var unknown = names.Except(LimiterRig.All.Select(rig => rig.Name), StringComparer.Ordinal).ToList();
        if (unknown.Count > 0)
        {
            await Console.Error.WriteLineAsync($"There is no {string.Join(", ", unknown)}. There are: {string.Join(' ', LimiterRig.All)}");
            return 2;
        }

        var reached = true;
        await using var service = await BenchService.StartAsync();
        await WarmUpAsync(service);
        Console.WriteLine(LimiterRow.Head);
        foreach (var rigs in LimiterRig.All.Where(rig => names.Count == 0 || names.Contains(rig.Name)).Chunk(AtOnce))
        {
            await Console.Error.WriteLineAsync($"{string.Join(", ", rigs.AsEnumerable())} …");
            var limited = await JudgeAsync(service, rigs, rig => limit ?? rig.Limit, LimitedGuard);
            var unlimited = isOnlyLimited ? null : await JudgeAsync(service, rigs, _ => null, UnlimitedGuard);
            foreach (var (number, rig) in rigs.Index())
            {
                var row = new LimiterRow(rig, limited[number].Refusal, limit ?? rig.Limit, limited[number].Report, unlimited?[number].Report);
                Console.WriteLine(row);
                reached &= row.Reached;
            }
        }

        return reached ? 0 : 1;
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
