using System.Diagnostics;
using System.Net.Http.Json;

namespace JobService.Bench.Rows;

/// <summary>What millions of jobs cost that wait: memory, and time at the start.</summary>
internal static class WaitingRow
{
    private const int Jobs = 10_000_000;
    private const int KeysAtStart = 10_000;
    private const int Rounds = 3;
    private const double Megabyte = 1_000_000;

    private static readonly (int Keys, double Megabytes)[] Asked = [(1, 64), (100_000, 120)];
    private static readonly TimeSpan AtRest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);
    private static readonly (double Ready, double Claim) AskedSeconds = (1.5, 3);

    /// <summary>Resident memory above that of a service in which nothing waits, ten seconds behind the start; the queue goes on at 100 calls a second.</summary>
    public static async Task<Row> MeasureMemoryAsync()
    {
        var empty = await MemoryAsync(jobs: 0, keys: 1);
        var measured = new List<string>();
        var reached = true;
        foreach (var (keys, asked) in Asked)
        {
            var more = (await MemoryAsync(Jobs, keys) - empty) / Megabyte;
            measured.Add($"**{more:0} MB** of {keys:n0} keys");
            reached &= more <= asked;
        }

        return new Row($"memory of {Jobs:n0} waiting jobs", string.Join(", ", measured), string.Join(", ", Asked.Select(asked => $"≤ {asked.Megabytes} MB")), reached);
    }

    /// <summary>From the start of the process until it is ready, and until its first claim, above the same with a job that comes when it is ready.</summary>
    public static async Task<Row> MeasureStartAsync()
    {
        var (none, full) = (await StartAsync(jobs: 0), await StartAsync(Jobs));
        var (ready, claim) = (full.Ready - none.Ready, full.Claim - none.Claim);
        return new Row(
            $"start with {Jobs:n0} waiting jobs of {KeysAtStart:n0} keys, longer than with none: until ready, until the first claim", $"**{ready:0.00} s, {claim:0.00} s** ({full.Ready:0.00} and {full.Claim:0.00} s)",
            $"≤ {AskedSeconds.Ready} s, ≤ {AskedSeconds.Claim} s", ready <= AskedSeconds.Ready && claim <= AskedSeconds.Claim);
    }

    private static async Task<long> MemoryAsync(int jobs, int keys)
    {
        using var backlog = await Backlog.MakeAsync(jobs, keys);
        var (service, _) = await backlog.StartAsync();
        await using (service)
        {
            await Task.Delay(AtRest, TimeProvider.System);
            await Console.Error.WriteLineAsync($"  {jobs:n0} jobs of {keys:n0} keys: {service.Memory / Megabyte:0.0} MB, {service.PeakMemory / Megabyte:0.0} MB at most");
            return service.Memory;
        }
    }

    private static async Task<(double Ready, double Claim)> StartAsync(int jobs)
    {
        using var backlog = await Backlog.MakeAsync(jobs, KeysAtStart);
        var rounds = new List<(double Ready, double Claim)>();
        long claimed = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var (service, ready) = await backlog.StartAsync();
            await using (service)
            {
                if (jobs == 0)
                    (await service.Client.PostAsJsonAsync("/v1/jobs", new { queue = Backlog.Queue, payload = 1 })).EnsureSuccessStatusCode();
                while (await Backlog.ClaimedAsync(service) <= claimed)
                    await Task.Delay(Poll, TimeProvider.System);
                rounds.Add((ready.TotalSeconds, Stopwatch.GetElapsedTime(started).TotalSeconds));
                await Console.Error.WriteLineAsync($"  {jobs:n0} jobs: ready after {rounds[^1].Ready:0.00} s, first claim after {rounds[^1].Claim:0.00} s");
                await service.StopAsync();
            }

            claimed = backlog.Ended();
        }

        return (Sample.Median(rounds.Select(round => round.Ready)), Sample.Median(rounds.Select(round => round.Claim)));
    }
}
