using JobService.Tests.Judges.Memory;
using JobService.Tests.Support;

namespace JobService.Bench;

/// <summary>The most memory that a fresh service has had in use under each attack.</summary>
internal static class MemoryTable
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(5);

    /// <param name="names">Attacks; none: all.</param>
    /// <returns>The exit code: 0, 1 when one took more than it may, 2 when there is no such attack.</returns>
    public static async Task<int> MeasureAsync(string[] names)
    {
        if (names.FirstOrDefault(name => !MemoryAttacks.All.ContainsKey(name)) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"No attack '{unknown}'. There are: {string.Join(' ', MemoryAttacks.All.Keys)}");
            return 2;
        }

        var isBelow = true;
        Console.WriteLine("| attack | what | peak MB | at most |\n|---|---|--:|--:|");
        foreach (var name in names.Length > 0 ? names : [.. MemoryAttacks.All.Keys])
        {
            await Console.Error.WriteLineAsync($"{name} …");
            var peak = await PeakAsync(MemoryAttacks.All[name].RunAsync);
            isBelow &= peak <= MemoryAttacks.Most;
            Console.WriteLine($"| {name} | {MemoryAttacks.All[name].What} | {peak / 1e6:n0} | {MemoryAttacks.Most / 1e6:n0} |");
        }

        return isBelow ? 0 : 1;
    }

    private static async Task<long> PeakAsync(MemoryAttacks.Attack attack)
    {
        var data = Directory.CreateTempSubdirectory("jobservice-memory-");
        try
        {
            using var hang = new CancellationTokenSource(HangGuard);
            await using var service = await JobServiceProcess.StartAsync(data, http2Port: FreePort.Next());
            await attack(service, hang.Token);
            var cut = service.Output.Split('\n').Count(line => line.Contains("connections were cut", StringComparison.Ordinal));
            if (cut > 0)
                await Console.Error.WriteLineAsync($"  connections were cut {cut} times");
            return service.PeakMemory;
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}
