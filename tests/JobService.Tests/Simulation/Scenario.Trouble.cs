using System.Collections.Frozen;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Ledger.Commands;
using JobService.Limits;

namespace JobService.Tests.Simulation;

/// <summary>What comes from outside: jobs, changes, cancels, signals, the end of a process.</summary>
internal sealed partial class Scenario
{
    private static readonly string[] Queues = ["q0", "q1", "q2", "q3", "q4"];
    private static readonly string[] Limits = ["rate", "own rate", "window", "own window", "slots", "own slots"];
    private static readonly string[] Words = ["in", "out"];
    private static readonly string[] Signals = ["open", "ready"];

    /// <summary>What this node has heard and does not start against, before the store knows.</summary>
    private readonly Dictionary<(string Limit, string Key), long> heard = [];

    /// <summary>Kind and scope of each limit, and how often they have changed.</summary>
    private readonly Dictionary<string, ((Type, LimitScope) Kind, int Count)> kinds = [];

    private readonly Dictionary<string, string> counted = [];

    private void SetUp()
    {
        foreach (var limit in Limits)
            PutLimit(limit, freely: false);
        foreach (var queue in Queues)
            PutQueue(queue);
        TakeTurn(gathered.ToList(), breaks: false);
        gathered.Clear();
    }

    /// <returns>When the last of it has happened.</returns>
    private long PlanTrouble()
    {
        var length = random.Next(2_000, 20_000);
        for (var i = random.Next(10, 60); i > 0; i--)
            After(random.Next(length), AddSome);
        for (var i = random.Next(0, 40); i > 0; i--)
            After(random.Next(length), () => Cancel(AnyJob()));
        for (var i = random.Next(0, 20); i > 0; i--)
            After(random.Next(length), () => Retry(AnyJob()));
        for (var i = random.Next(0, 8); i > 0; i--)
            After(random.Next(length), () => PutLimit(Any(Limits), freely: random.Next(4) == 0));
        for (var i = random.Next(0, 8); i > 0; i--)
            After(random.Next(length), () => PutQueue(Any(Queues)));
        for (var i = random.Next(0, 6); i > 0; i--)
            After(random.Next(length), () => Pause(Any(Queues), random.Next(2) == 0));
        for (var i = random.Next(0, 6); i > 0; i--)
            After(random.Next(length), () => Signal(Any(Signals)));
        for (var i = random.Next(0, 4); i > 0; i--)
            After(random.Next(length), Crash);
        return service.Now + (length * Millisecond);
    }

    private void AddSome()
    {
        var (queue, key) = (Any(Queues), $"{random.Next(5)}");
        for (var i = random.Next(1, 25); i > 0; i--)
            Add(new NewJob
            {
                Id = JobId.FromParts(++lastStamp, random.NextInt64(1L << 62)),
                Queue = random.Next(3) == 0 ? Any(Queues) : queue,
                Key = random.Next(3) == 0 ? $"{random.Next(5)}" : key,
                Weight = random.Next(4) == 0 ? random.Next(1, 4) : 1,
                Weights = random.Next(3) == 0 ? new Dictionary<string, int> { [Any(Words)] = random.Next(1, 4), [Any(Words) + Any(Words)] = 1 } : null,
                Priority = random.Next(5) == 0 ? random.Next(-2, 3) : 0,
                Payload = "1"u8.ToArray(),
                Lock = random.Next(6) == 0 ? $"lock {random.Next(3)}" : null,
                Signal = random.Next(15) == 0 ? Any(Signals) : null,
                NotBefore = random.Next(8) == 0 ? new DateTimeOffset(service.Now + (random.Next(2_000) * Millisecond), TimeSpan.Zero) : null,
                StartBefore = random.Next(12) == 0 ? new DateTimeOffset(service.Now + (random.Next(1, 3_000) * Millisecond), TimeSpan.Zero) : null,
            });
    }

    private void Add(NewJob job)
    {
        Ask(new AddJobs([new NewRow(job)], FrozenSet<JobId>.Empty), committed: additions =>
        {
            var addition = Assert.Single(additions);
            if (addition is Addition.Accepted)
                stories.Add(job.Id, new Story(job));
            else
                Assert.IsType<Addition.NeverFits>(addition);
        });
    }

    private void Cancel(JobId? any)
    {
        if (any is { } job)
            Ask(new CancelJob(job, CancelReason.Request));
    }

    private void Retry(JobId? any)
    {
        if (any is not { } job)
            return;
        TakeTurn(); // a turn of its own: what ended in the same one would be told in another order
        Ask(new RetryJob(job), committed: outcome =>
        {
            if (outcome is RetryOutcome.Requeued)
                (stories[job].State, stories[job].RefusedSince) = (JobState.Queued, null);
        });
        TakeTurn();
    }

    /// <param name="limit">Its name.</param>
    /// <param name="freely">Its kind and its scope may change as well.</param>
    private void PutLimit(string limit, bool freely)
    {
        var scope = limit.StartsWith("own", StringComparison.Ordinal) != (freely && random.Next(2) == 0) ? LimitScope.PerKey : LimitScope.Shared;
        var kind = freely ? Any(["rate", "window", "slots"]) : limit.Split(' ')[^1];
        double[] periods = [0.1, 0.5, 1, 2];
        var counts = DrawCounts(limit, freely);
        LimitDefinition definition = kind switch
        {
            "rate" => new RateDefinition { Permits = random.Next(5, 200), PeriodSeconds = Any(periods), Burst = random.Next(1, 5), Scope = scope, Counts = counts },
            "window" => new WindowDefinition { Permits = random.Next(3, 100), PeriodSeconds = Any(periods), Scope = scope, Counts = counts },
            _ => new ConcurrencyDefinition { Permits = random.Next(1, 6), Scope = scope, Counts = counts },
        };
        Ask(new PutLimit(limit, definition, Expected: null), committed: _ =>
        {
            Note($"limit {limit}: {definition}");
            // Another kind or scope counts from nothing.
            var (before, count) = kinds.GetValueOrDefault(limit);
            kinds[limit] = ((definition.GetType(), scope), before == (definition.GetType(), scope) ? count : count + 1);
            foreach (var call in running.Values)
                call.Recount(limit, definition);
            foreach (var state in told.Keys.Where(state => state.Limit == limit).ToList())
                told.Remove(state);
        });
    }

    /// <summary>What a limit counts: now and then something else than before.</summary>
    private string DrawCounts(string limit, bool freely)
    {
        if (counted.GetValueOrDefault(limit) is not { } word || (freely && random.Next(2) == 0))
            word = random.Next(3) switch { 0 => LimitDefinition.Weight, 1 => LimitDefinition.Calls, _ => Any(Words) };
        return counted[limit] = word;
    }

    private void PutQueue(string queue)
    {
        var definition = new QueueDefinition
        {
            Limits = [.. Limits.Where(_ => random.Next(3) == 0)],
            MaxConcurrency = random.Next(1, 12),
            Share = random.Next(3) == 0 ? 0.1 + random.Next(10) : 1,
            KeyShares = random.Next(2) == 0 ? new Dictionary<string, double> { ["1"] = 3, ["2"] = 0.5 } : new Dictionary<string, double>(),
            Retry = new RetryPolicy { MaxAttempts = random.Next(2, 5), GiveUpAfterSeconds = Any([1.0, 2, 86_400]) },
        };
        Ask(new PutQueue(queue, definition, Expected: null), committed: _ => Note($"queue {queue}: {string.Join(", ", definition.Limits)}"));
    }

    private void Pause(string queue, bool paused) => Ask(new PauseQueue(queue, paused));

    private void Signal(string signal)
    {
        if (random.Next(2) == 0)
            Ask(new SetSignal(signal));
        else
            Ask(new ClearSignal(signal));
    }

    private JobId? AnyJob() => stories.Count > 0 ? stories.Keys.ElementAt(random.Next(stories.Count)) : null;

    private T Any<T>(IReadOnlyList<T> things) => things[random.Next(things.Count)];
}
