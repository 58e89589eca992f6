using System.Text;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage;
using JobService.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Storage;

/// <summary>A store under test with a clock of its own: short words for what tests do with it.</summary>
public sealed class StoreDriver(IJobStore store, JobIdSource ids, FakeTimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(10);

    public IJobStore Store { get; } = store;

    public IDeliveryStore Deliveries { get; } = (IDeliveryStore)store;

    public FakeTimeProvider Time { get; } = time;

    /// <summary>Permits of every queue's semaphore.</summary>
    public int Permits { get; set; } = 1_000;

    public NewJob NewJob(string queue = "q", string key = "") =>
        new() { Id = ids.Next(), Queue = queue, Key = key, Payload = Encoding.UTF8.GetBytes("""{"n":1}""") };

    public Task<LimitEntry> PutRateAsync(string name, int permits, double periodSeconds = 1, int burst = 1) =>
        PutLimitAsync(name, new RateDefinition { Permits = permits, PeriodSeconds = periodSeconds, Burst = burst });

    public async Task<LimitEntry> PutLimitAsync(string name, LimitDefinition definition) => await Store.PutLimitAsync(name, definition, expected: null) switch
    {
        PutOutcome<LimitEntry>.Created(var entry) => entry,
        PutOutcome<LimitEntry>.Replaced(var entry, _) => entry,
        var other => throw new InvalidOperationException(other.ToString()),
    };

    public async Task<QueueEntry> PutQueueAsync(string name, params string[] limits) => await PutQueueAsync(name, new QueueDefinition { Limits = limits });

    public async Task<QueueEntry> PutQueueAsync(string name, QueueDefinition definition) => await Store.PutQueueAsync(name, definition, expected: null) switch
    {
        PutOutcome<QueueEntry>.Created(var entry) => entry,
        PutOutcome<QueueEntry>.Replaced(var entry, _) => entry,
        var other => throw new InvalidOperationException(other.ToString()),
    };

    public async Task<JobId> AddAsync(NewJob job) => Assert.IsType<Addition.Accepted>(await SubmitAsync(job)).Job.Id;

    public async Task<Addition> SubmitAsync(NewJob job) => Assert.Single(await Store.AddAsync([job]));

    public async Task<JobId[]> AddManyAsync(int count, string queue = "q", string key = "") =>
        [.. (await Store.AddAsync([.. Enumerable.Range(0, count).Select(_ => NewJob(queue, key))])).Select(addition => Assert.IsType<Addition.Accepted>(addition).Job.Id)];

    public NewBatch NewBatch(bool cancelOnFailure = false, IdempotencyKey? idempotency = null) => new(ids.Next(), "q", cancelOnFailure, idempotency);

    /// <summary>Jobs of a batch, with the indexes from <paramref name="first"/> on.</summary>
    public NewJob[] JobsOf(NewBatch batch, int count, int first = 0, string queue = "q") =>
        [.. Enumerable.Range(first, count).Select(index => NewJob(queue) with { Batch = new BatchPlace(batch.Id, index) })];

    public async Task<Batch> AddBatchAsync(int jobs, bool cancelOnFailure = false) => await AddBatchAsync(NewBatch(cancelOnFailure), jobs);

    public async Task<Batch> AddBatchAsync(NewBatch batch, int jobs) =>
        Assert.IsType<Addition.BatchAccepted>(await Store.AddBatchAsync(batch, JobsOf(batch, jobs))).Batch;

    public async Task<Batch> BatchAsync(JobId batch) => (await Store.FindBatchAsync(batch))!;

    public async Task<BatchResults> ResultsAsync(
        JobId batch, bool inInputOrder = false, long? after = null, long upTo = long.MaxValue, bool passHoles = false, int limit = 10_000) =>
        (await Store.ResultsAsync(new BatchResultsQuery(batch, inInputOrder, after ?? (inInputOrder ? -1 : 0), upTo, passHoles, limit, MaxInlineBytes: 65_536)))!;

    /// <summary>Jobs that have not been told to stop in this turn are told in one of the next.</summary>
    public async Task<Batch> StoppedAsync(JobId batch)
    {
        for (var turn = 0; turn < 1_000 && !(await BatchAsync(batch)).IsOver; turn++)
            await Store.PruneAsync(DateTimeOffset.MinValue.AddYears(2000), 1); // a turn like any other
        return await BatchAsync(batch);
    }

    /// <summary>Waits for at least one claim.</summary>
    public async Task<IReadOnlyList<ClaimedJob>> ClaimAsync()
    {
        while (true)
        {
            var response = await Store.ClaimAsync(Store.Offer(Permits), CancellationToken.None).WaitAsync(Hang);
            if (response.Jobs.Count > 0)
                return response.Jobs;
        }
    }

    /// <summary>What may be claimed right now, perhaps nothing.</summary>
    public async Task<IReadOnlyList<ClaimedJob>> ClaimNowAsync()
    {
        using var stop = new CancellationTokenSource();
        var claim = Store.ClaimAsync(Store.Offer(Permits), stop.Token);
        // Writes behind the pending claim: the turn that answers one has tried the claim too. The first may have asked for jobs that the second knows.
        await Store.PruneAsync(DateTimeOffset.MinValue.AddYears(2000), 1);
        await Store.PruneAsync(DateTimeOffset.MinValue.AddYears(2000), 1);
        await stop.CancelAsync();
        return (await claim.WaitAsync(Hang)).Jobs;
    }

    public AttemptEnd End(ClaimedJob job, JobOutcome outcome, bool started = true) => new(job.Id, job.Lease, started ? Store.Now : null, Store.Now, outcome);

    public Task<int> FinishAsync(ClaimedJob job, JobOutcome outcome, bool started = true) => Store.FinishAsync([End(job, outcome, started)]);

    public Task<int> SucceedAsync(ClaimedJob job) => FinishAsync(job, Success());

    public async Task<Job> GetAsync(JobId job) => (await Store.FindAsync(job, 65_536))!;

    public static JobOutcome.Succeeded Success(string body = "{}") =>
        new(new JobResult(200, "application/json", Encoding.UTF8.GetBytes(body), body.Length));

    public static JobError Error(string type = ErrorTypes.Upstream) => new(type, 500, "because");

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
