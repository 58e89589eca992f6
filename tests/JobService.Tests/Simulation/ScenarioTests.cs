using System.Collections.Concurrent;
using JobService.Tests.Judges;

namespace JobService.Tests.Simulation;

/// <summary>The whole scheduler over the real store in virtual time: whatever happens, no bound is broken, nothing is lost, and what may run, runs.</summary>
/// <remarks>One seed is one story, the same every time: <c>SIMULATION_SEED=17</c> tells one, <c>SIMULATION_SEEDS=20000</c> many.</remarks>
[Collection(JudgesAlone.Name)] // it takes every core
public sealed class ScenarioTests
{
    private const int Seeds = 500;

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
        // In memory where there is such a folder: what is simulated is a process that dies, not a disk.
        var shared = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        var folder = Directory.CreateDirectory(Path.Combine(shared, $"jobservice-simulation-{Environment.ProcessId}-{seed}"));
        try
        {
            using var scenario = new Scenario(seed, Path.Combine(folder.FullName, "jobs.db")) { Trace = trace };
            scenario.Run();
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"Seed {seed}: {failure.Message}", failure);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
