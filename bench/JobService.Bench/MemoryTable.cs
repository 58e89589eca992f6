using JobService.Tests.Judges.Memory;
using JobService.Tests.Support;

namespace JobService.Bench;

/// <summary>The most memory that a fresh service has had in use under each attack.</summary>
internal static class MemoryTable
{
    private const string Small = "small";

    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(5);

    /// <param name="names">Attacks; none: all. <c>small</c> in front of them: as the tests make them.</param>
    /// <returns>The exit code: 0, 1 when one took more than it may, 2 when there is no such attack.</returns>
    public static async Task<int> MeasureAsync(string[] names)
    {
        var size = names is [Small, ..] ? AttackSize.Small : AttackSize.Full;
        names = names is [Small, .. var rest] ? rest : names;
        var attacks = new MemoryAttacks(size).All;
        if (names.FirstOrDefault(name => !attacks.ContainsKey(name)) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"No attack '{unknown}'. There are: {string.Join(' ', attacks.Keys)}");
            return 2;
        }

        var isBelow = true;
        Console.WriteLine("| attack | what | peak MB | at most |\n|---|---|--:|--:|");
        foreach (var name in names.Length > 0 ? names : [.. attacks.Keys])
        {
            await Console.Error.WriteLineAsync($"{name} …");
            var peak = await PeakAsync(attacks[name].RunAsync, size);
            isBelow &= peak <= size.Most;
            Console.WriteLine($"| {name} | {attacks[name].What} | {peak / 1e6:n0} | {size.Most / 1e6:n0} |");
        }

        return isBelow ? 0 : 1;
    }

    private static async Task<long> PeakAsync(MemoryAttacks.Attack attack, AttackSize size)
    {
        var data = Directory.CreateTempSubdirectory("jobservice-memory-");
        try
        {
            using var hang = new CancellationTokenSource(HangGuard);
            await using var service = await JobServiceProcess.StartAsync(data, size.Settings, http2Port: FreePort.Next());
            await attack(service, hang.Token);
            foreach (var cut in service.Output.Split('\n').Where(line => line.Contains("connections were cut", StringComparison.Ordinal)))
                await Console.Error.WriteLineAsync($"  {cut}");
            return service.PeakMemory;
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}
