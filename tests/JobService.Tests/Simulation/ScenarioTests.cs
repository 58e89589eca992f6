using System.Collections.Concurrent;
using JobService.Storage.Sqlite;
using JobService.Tests.Judges;

namespace JobService.Tests.Simulation;

/// <summary>The whole scheduler in virtual time: whatever happens, no bound is broken, nothing is lost, and what may run, runs.</summary>
/// <remarks>One seed is one story, the same every time: <c>SIMULATION_SEED=17</c> tells one, <c>SIMULATION_SEEDS=20000</c> many.</remarks>
[Collection(JudgesAlone.Name)] // it takes every core
public sealed class ScenarioTests
{
    private const int Seeds = 2_000;

    /// <summary>One story in so many is told over SQLite, the others over rows in memory, which <see cref="MemoryRowsTests"/> compares with those of SQLite.</summary>
    private const int SeedsForEachFile = 8;

    [Fact]
    public void No_story_breaks_a_bound_loses_a_job_or_comes_to_a_standstill()
    {
        if (Environment.GetEnvironmentVariable("SIMULATION_SEED") is { } one)
        {
            var trace = new List<string>();
            var failure = Record.Exception(() => Run(int.Parse(one), trace));
            trace.ForEach(TestContext.Current.TestOutputHelper!.WriteLine);
            Assert.Null(failure);
            return;
        }

        var count = int.Parse(Environment.GetEnvironmentVariable("SIMULATION_SEEDS") ?? $"{Seeds}");
        var failures = new ConcurrentBag<Exception>();
        // The pool takes stories that work for others that wait, and would begin hundreds at once.
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            if (Record.Exception(() => Run(seed, trace: null)) is { } failure)
                failures.Add(failure);
        });
        if (!failures.IsEmpty)
            throw new AggregateException(failures);
    }

    private static void Run(int seed, List<string>? trace)
    {
        try
        {
            if (seed % SeedsForEachFile == 0)
                RunOverSqlite(seed, trace);
            else
                RunInMemory(seed, trace);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
        }
    }

    private static void RunInMemory(int seed, List<string>? trace)
    {
        var database = new MemoryDatabase();
        using var scenario = new Scenario(seed, () => new MemoryRows(database)) { Trace = trace };
        scenario.Run();
    }

    private static void RunOverSqlite(int seed, List<string>? trace)
    {
        using var folder = new VolatileFolder();
        using var database = SqliteDatabase.Open(folder.DatabaseFile);
        using var scenario = new Scenario(seed, () => new SqliteRows(database.Connect())) { Trace = trace };
        scenario.Run();
    }
}
