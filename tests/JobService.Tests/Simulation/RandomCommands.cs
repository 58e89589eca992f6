using System.Collections.Frozen;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Ledger.Commands;
using JobService.Limits;

namespace JobService.Tests.Simulation;

/// <summary>Draws commands of every kind, about jobs, batches and deliveries that there mostly are.</summary>
internal sealed class RandomCommands(Random random)
{
    /// <summary>A queue that no job names, so that it can always be deleted.</summary>
    private const string Unused = "unused";

    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static readonly string[] Queues = ["a", "b", "c"];
    private static readonly string[] Limits = ["rate", "own rate", "window", "own window", "slots"];
    private static readonly string[] Signals = ["open", "ready"];
    private static readonly string[] Urls = ["http://one.example/hook", "http://one.example/other", "http://two.example/"];

    /// <summary>What the configuration names now and then.</summary>
    private static readonly Dictionary<string, QueueDefinition> Declared = new() { ["d"] = new() };

    private readonly List<JobId> jobs = [];
    private readonly List<(JobId Id, int Jobs)> batches = [];
    private readonly List<ClaimedJob> claimed = [];
    private List<Func<PendingOperation>> drawn = [];
    private long lastStamp;

    public long Now { get; set; }

    /// <summary>Deliveries that there are.</summary>
    public IReadOnlyList<DeliveryRow> Deliveries { get; set; } = [];

    /// <summary>Limits and queues, so that jobs can come.</summary>
    public List<Func<PendingOperation>> First()
    {
        drawn = [];
        foreach (var limit in Limits)
            PutLimit(limit);
        foreach (var queue in (string[])[Unused, .. Queues])
            PutQueue(queue);
        return drawn;
    }

    /// <summary>The commands of one turn. An operation is made for each store that runs them.</summary>
    public List<Func<PendingOperation>> Next()
    {
        drawn = [];
        for (var i = random.Next(5); i > 0; i--)
            Draw();
        return drawn;
    }

    public void Claimed(IEnumerable<ClaimedJob> more) => claimed.AddRange(more);

    private void Draw()
    {
        switch (random.Next(34))
        {
            case < 6:
                Ask(new AddJobs([.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => new NewRow(NewJob(batch: null)))], FrozenSet<JobId>.Empty));
                break;
            case 6:
                OpenBatch();
                break;
            case 7 when batches.Count > 0:
                var place = random.Next(batches.Count);
                Ask(new AddJob(new NewRow(NewJob(new BatchPlace(batches[place].Id, batches[place].Jobs)))));
                batches[place] = batches[place] with { Jobs = batches[place].Jobs + 1 };
                break;
            case 8:
                var batch = NewBatch();
                Ask(new AddBatch(batch, [.. Enumerable.Range(0, random.Next(4)).Select(index => new NewRow(NewJob(new BatchPlace(batch.Id, index)) with { Idempotency = null }))]));
                break;
            case 9 when batches.Count > 0:
                Ask(new CloseBatch(Any(batches).Id));
                break;
            case 10 when batches.Count > 0:
                Ask(new CancelBatch(Any(batches).Id, CancelReason.Request));
                break;
            case 11 when jobs.Count > 0:
                Ask(new CancelJob(Any(jobs), CancelReason.Request));
                break;
            case 12 when jobs.Count > 0:
                Ask(new CancelJobs([Any(jobs), Any(jobs)], CancelReason.Purge));
                break;
            case 13 when jobs.Count > 0:
                Ask(new RetryJob(Any(jobs)));
                break;
            case 14 when jobs.Count > 0:
                Ask(new RetryJobs([Any(jobs), Any(jobs), Any(jobs)]));
                break;
            case 15:
                DrawSignal(Any(Signals));
                break;
            case 16 or > 29:
                DrawDefinition();
                break;
            case 17 when jobs.Count > 0:
                Ask(new TellJob(Any(jobs)));
                break;
            case 18:
                Ask(new PruneJobs(Now - (random.Next(3) * TimeSpan.TicksPerSecond), AtMost: random.Next(1, 6)));
                break;
            case 19 or 20 when Deliveries.Count > 0:
                DrawDelivery(Any(Deliveries));
                break;
            case 21 when claimed.Count > 0:
                Ask(new ReleaseCall(Any(claimed).Lease, HoldsLimits: random.Next(2) == 0, Feedback()));
                break;
            case 22 when claimed.Count > 0:
                Ask(new GiveUpSlot(Any(claimed).Lease));
                break;
            case > 22 when claimed.Count > 0:
                Finish();
                break;
        }
    }

    /// <summary>A job that comes after a signal was cleared waits on, while those that came before are still to be released.</summary>
    private void DrawSignal(string signal)
    {
        var draw = random.Next(3);
        if (draw != 0)
            Ask(new SetSignal(signal));
        if (draw != 1)
            Ask(new ClearSignal(signal));
        if (draw == 2)
            Ask(new AddJob(new NewRow(NewJob(batch: null) with { Signal = signal })));
    }

    private void DrawDefinition()
    {
        switch (random.Next(9))
        {
            case 0:
                PutLimit(Any(Limits));
                break;
            case 1:
                PutQueue(Any([Unused, .. Queues]));
                break;
            case 2:
                Ask(new PauseQueue(Any(Queues), random.Next(2) == 0));
                break;
            case 3:
                Ask(new DeleteQueue(Any([Unused, Unused, .. Queues, .. Declared.Keys]), Expected: null));
                break;
            case 4 or 5:
                Ask(new DeleteLimit(Any(Limits), Expected: null));
                break;
            case 6:
                Ask(new LiftLimit(Any(Limits), random.Next(2) == 0 ? null : "1"));
                break;
            case 7:
                Ask(new LiftQueue(Any(Queues), random.Next(2) == 0 ? null : "1"));
                break;
            default:
                Ask(new Declare(random.Next(2) == 0 ? Declared : new Dictionary<string, QueueDefinition>(), new Dictionary<string, LimitDefinition>()));
                break;
        }
    }

    private void DrawDelivery(DeliveryRow delivery)
    {
        var state = (DeliveryState)random.Next(4);
        var at = new DateTimeOffset(delivery.NextAt ?? Now, TimeSpan.Zero);
        switch (random.Next(6))
        {
            case 0:
                Ask(new DisableDeliveries([delivery.Id.Stamp]));
                break;
            case 1:
                Ask(new Redeliver(JobId.FromParts(delivery.Subject, ~delivery.Id.Salt), delivery.Id));
                break;
            default:
                DateTimeOffset? next = state == DeliveryState.Pending ? new DateTimeOffset(Now + TimeSpan.TicksPerSecond, TimeSpan.Zero) : null;
                ReadOnlyMemory<byte>? body = random.Next(2) == 0 ? new byte[] { (byte)random.Next(256) } : null;
                Ask(new FinishDeliveryTry(new DeliveryTry(
                    new PendingDelivery(delivery.Id, at), At(Now), TimeSpan.FromMilliseconds(random.Next(100)), state == DeliveryState.Failed ? 500 : null, "late", body, state, next)));
                break;
        }
    }

    private NewJob NewJob(BatchPlace? batch)
    {
        var job = new NewJob
        {
            Id = NextId(),
            Queue = Any(Queues),
            Key = Any(["", "1", "2"]),
            Weight = random.Next(1, 3),
            Weights = random.Next(4) == 0 ? new Dictionary<string, int> { ["in"] = random.Next(1, 3) } : null,
            Priority = random.Next(4) == 0 ? random.Next(-2, 3) : 0,
            Lock = random.Next(4) == 0 ? Any(["x", "y"]) : null,
            Signal = random.Next(6) == 0 ? Any(Signals) : null,
            Payload = random.Next(8) == 0 ? new byte[ClaimedJob.MaxReadBytes + 1] : "1"u8.ToArray(),
            Request = random.Next(4) == 0 ? new ApiRequest { Path = "/ä", Body = random.Next(2) == 0 ? "b"u8.ToArray() : null } : null,
            NotBefore = random.Next(6) == 0 ? Soon() : null,
            IsDelay = random.Next(2) == 0,
            StartBefore = random.Next(6) == 0 ? Soon() : null,
            Timeout = random.Next(4) == 0 ? TimeSpan.FromSeconds(1.5) : null,
            MaxAttempts = random.Next(4) == 0 ? 2 : null,
            Tags = random.Next(4) == 0 ? new Dictionary<string, string> { ["team"] = Any(["red", "blue"]) } : null,
            Idempotency = random.Next(4) == 0 ? NewKey() : null,
            Batch = batch,
            Callback = random.Next(3) == 0 ? NewCallback() : null,
        };
        jobs.Add(job.Id);
        return job;
    }

    private void OpenBatch()
    {
        var batch = NewBatch() with { Idempotency = null };
        batches.Add((batch.Id, 0));
        Ask(new OpenBatch(batch));
    }

    private NewBatch NewBatch() =>
        new(NextId(), Any(Queues), CancelOnFailure: random.Next(2) == 0, random.Next(2) == 0 ? NewKey() : null, random.Next(2) == 0 ? NewCallback() : null);

    private void Finish()
    {
        var job = Any(claimed);
        if (random.Next(6) > 0)
            claimed.Remove(job); // otherwise its end comes twice
        var error = new JobError(ErrorTypes.Upstream, random.Next(2) == 0 ? 500 : null, random.Next(2) == 0 ? "It went wrong." : null);
        JobOutcome outcome = random.Next(7) switch
        {
            0 => new JobOutcome.Failed(error),
            1 => new JobOutcome.Retried(error, TimeSpan.FromMilliseconds(random.Next(3) * 100)),
            2 => new JobOutcome.Throttled(error),
            3 => new JobOutcome.Unstarted(),
            4 => new JobOutcome.Returned(),
            5 => new JobOutcome.Cancelled(CancelReason.Disconnect),
            _ => new JobOutcome.Succeeded(new JobResult(200, "text/plain", "ok"u8.ToArray(), 2) { Headers = random.Next(2) == 0 ? new Dictionary<string, string> { ["etag"] = "1" } : null }),
        };
        DateTimeOffset? startedAt = outcome is JobOutcome.Unstarted || (outcome is JobOutcome.Failed or JobOutcome.Cancelled && random.Next(2) == 0) ? null : At(Now);
        Ask(new FinishAttempts([new AttemptEnd(job.Id, job.Lease, startedAt, At(Now), outcome)]));
    }

    private CallFeedback? Feedback() => random.Next(4) switch
    {
        0 => null,
        1 => new CallFeedback { Refused = true, NotBefore = random.Next(2) == 0 ? Soon() : null },
        2 => new CallFeedback { TrueWeights = Limits.ToDictionary(limit => limit, _ => 0) },
        _ => new CallFeedback { Budgets = [new CallBudget(BudgetUnit.Calls, random.Next(3), Soon())] },
    };

    private void PutLimit(string limit)
    {
        var scope = limit.StartsWith("own", StringComparison.Ordinal) ? LimitScope.PerKey : LimitScope.Shared;
        LimitDefinition definition = limit.Split(' ')[^1] switch
        {
            "rate" => new RateDefinition { Permits = random.Next(50, 200), Burst = 3, Scope = scope },
            "window" => new WindowDefinition { Permits = random.Next(5, 30), PeriodSeconds = 0.5, Scope = scope },
            _ => new ConcurrencyDefinition { Permits = random.Next(2, 6), Scope = scope, Counts = "in" },
        };
        Ask(new PutLimit(limit, definition, Expected: null));
    }

    private void PutQueue(string queue) => Ask(new PutQueue(
        queue, new QueueDefinition { Limits = [.. Limits.Where(_ => random.Next(4) == 0)], MaxConcurrency = 8, Retry = new RetryPolicy { MaxAttempts = 3 } }, Expected: null));

    private Callback NewCallback() => new(Any(Urls), random.Next(2) == 0 ? new HeaderValue.Text(Secret) : new HeaderValue.FromConfiguration("Hooks"));

    private IdempotencyKey NewKey() => new($"key {random.Next(40)}", new[] { (byte)random.Next(2) });

    private JobId NextId() => JobId.FromParts(lastStamp = Math.Max(lastStamp + 1, At(Now).ToUnixTimeMilliseconds() << JobId.CounterBits), random.NextInt64(1L << 62));

    private DateTimeOffset Soon() => At(Now + (random.Next(1, 2_000) * TimeSpan.TicksPerMillisecond));

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);

    private void Ask<T>(Command<T> command) => drawn.Add(() => new Recorded<T>(command));

    private T Any<T>(IReadOnlyList<T> things) => things[random.Next(things.Count)];
}
