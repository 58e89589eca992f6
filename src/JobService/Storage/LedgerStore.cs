using System.Buffers;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Ledger.Commands;
using JobService.Ledger.Questions;
using JobService.Limits;
using Microsoft.Extensions.Logging;

namespace JobService.Storage;

/// <summary>A store whose changes are all made by one writer, which runs the rules of <see cref="Ledger"/> on a database.</summary>
public abstract partial class LedgerStore : IJobStore
{
    /// <summary>Rows that a request for many jobs changes in one turn: no other command waits longer than such a turn.</summary>
    private const int Chunk = 500;

    /// <summary>Jobs of a list whose wait is explained in one turn: less than a millisecond of work, so that no slot is delayed by more.</summary>
    private const int ExplainedAtOnce = 50;

    private static readonly Task<long?> NothingTaught = Task.FromResult<long?>(null);

    private readonly ILedgerDatabase database;
    private readonly LedgerWriter writer;
    private readonly StoreReads allReads;
    private readonly ILogger logger;

    /// <param name="database">Disposed with the store, also when the opening fails.</param>
    /// <param name="reads">Its reads.</param>
    /// <param name="ids">Continues after the highest id of the store.</param>
    /// <param name="time">Wall clock and stopwatch.</param>
    /// <param name="logger">Logs what an operator has to know.</param>
    /// <param name="bounds">How much waits, and how much one turn takes.</param>
    private protected LedgerStore(ILedgerDatabase database, StoreReads reads, JobIdSource ids, TimeProvider time, ILogger logger, SubmissionBounds? bounds)
    {
        (this.database, allReads, this.logger) = (database, reads, logger);
        try
        {
            writer = new LedgerWriter(database, ids, bounds ?? new SubmissionBounds(), time, logger);
        }
        catch (Exception error)
        {
            database.Dispose();
            if (error is not StorageUnavailableException && database.IsOfStorage(error))
                throw new StorageUnavailableException(error.Message, error);
            throw;
        }
    }

    /// <summary>Runs the loop that commits, turn by turn: until it runs, no change of the store completes.</summary>
    /// <param name="stop">Nothing more is accepted; what has gathered is still committed, and then the task ends.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        await using var stopping = stop.Register(writer.Stop);
        await writer.RunAsync();
    }

    public event Action<StoreNews>? Committed
    {
        add => writer.Committed += value;
        remove => writer.Committed -= value;
    }

    public DateTimeOffset Now => Time(writer.Clock.Now);

    public long TimestampOf(DateTimeOffset moment) => writer.Clock.TimestampOf(moment.UtcTicks);

    public ClockStatus Clock => new(writer.Clock.Difference, writer.Steps.Latest);

    public Catalog Catalog => writer.Catalog;

    public string? Trouble => writer.Trouble;

    public bool StandsBy => writer.StandsBy;

    public Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken stopTaking) => writer.ClaimAsync(request, stopTaking);

    public void Renew(ClaimRequest newest, bool atOnce) => writer.Renew(newest, atOnce);

    public Task<bool> GiveUpSlotAsync(ClaimedJob job) => writer.RunAsync(new GiveUpSlot(job.Lease));

    public Task<long?> ReleaseAsync(ClaimedJob job, CallFeedback? feedback)
    {
        var release = new ReleaseCall(job.Lease, job.HoldsLimits, feedback);
        if (feedback is not null)
            return FeedBackAsync(job, release);
        _ = writer.RunAsync(release);
        return NothingTaught;
    }

    public async Task<int> FinishAsync(IReadOnlyList<AttemptEnd> ends)
    {
        var written = await Isolation.RunAsync(ends, FinishTogetherAsync, (end, error) => writer.RunAsync(new FinishAttempts([FinishAttempts.Unwritable(end, error)])));
        return written.Sum();
    }

    public Task<CancelOutcome> CancelAsync(JobId job, CancelReason reason) => writer.RunAsync(new CancelJob(job, reason));

    public Task<RetryOutcome> RetryAsync(JobId job) => writer.RunAsync(new RetryJob(job));

    public async Task<(long Matched, long Cancelled, long Stopping)> CancelManyAsync(JobFilter filter, CancelReason reason)
    {
        var (matched, cancelled, stopping) = (0L, 0L, 0L);
        await foreach (var chunk in ChunksAsync(filter, [JobState.Queued, JobState.Running]))
        {
            foreach (var outcome in await writer.RunAsync(new CancelJobs(chunk, reason)))
            {
                matched++;
                outcome.Match(notFound: () => 0, cancelled: () => cancelled++, stopping: () => stopping++, finished: _ => 0);
            }
        }

        return (matched, cancelled, stopping);
    }

    public async Task<(long Matched, long Requeued)> RetryManyAsync(JobFilter filter)
    {
        var (matched, requeued) = (0L, 0L);
        await foreach (var chunk in ChunksAsync(filter, [JobState.Failed, JobState.Cancelled]))
        {
            foreach (var outcome in await writer.RunAsync(new RetryJobs(chunk)))
            {
                matched++;
                requeued += outcome.Match(notFound: () => 0, requeued: () => 1, wrongState: _ => 0, queueDeleted: () => 0, full: () => 0);
            }
        }

        return (matched, requeued);
    }

    public Task<PruneStep> PruneAsync(DateTimeOffset finishedBefore, int atMost) => writer.RunAsync(new PruneJobs(finishedBefore.UtcTicks, atMost));

    public Task<Batch> OpenBatchAsync(NewBatch batch) => writer.RunAsync(new OpenBatch(batch));

    public Task<Batch?> CloseBatchAsync(JobId batch) => writer.RunAsync(new CloseBatch(batch));

    public Task<BatchCancelOutcome> CancelBatchAsync(JobId batch, CancelReason reason) => writer.RunAsync(new CancelBatch(batch, reason));

    public Task<Batch?> FindBatchAsync(JobId batch) => Reads.Batches.FindAsync(batch, Now);

    public Task<BatchResults?> ResultsAsync(BatchResultsQuery query) => Reads.Batches.ResultsAsync(query);

    public Task DeclareAsync(IReadOnlyDictionary<string, QueueDefinition> queues, IReadOnlyDictionary<string, LimitDefinition> limits) =>
        writer.WhenTakenOverAsync(new Declare(queues, limits));

    public Task<bool?> LiftLimitAsync(string name, string? key) => writer.RunAsync(new LiftLimit(name, key));

    public Task<bool?> LiftQueueAsync(string name, string? key) => writer.RunAsync(new LiftQueue(name, key));

    public Task<PutOutcome<QueueEntry>> PutQueueAsync(string name, QueueDefinition definition, long? expected) =>
        writer.RunAsync(new PutQueue(name, definition, expected));

    public Task<PutOutcome<LimitEntry>> PutLimitAsync(string name, LimitDefinition definition, long? expected) =>
        writer.RunAsync(new PutLimit(name, definition, expected));

    public Task<DeleteOutcome> DeleteQueueAsync(string name, long? expected) => writer.RunAsync(new DeleteQueue(name, expected));

    public Task<DeleteOutcome> DeleteLimitAsync(string name, long? expected) => writer.RunAsync(new DeleteLimit(name, expected));

    public Task<PutOutcome<QueueEntry>.Replaced?> PauseAsync(string queue, bool paused) => writer.RunAsync(new PauseQueue(queue, paused));

    public async Task<Job?> FindAsync(JobId job, int maxInlineBytes)
    {
        if (await Reads.Jobs.FindAsync(job, maxInlineBytes) is not var (found, attempts))
            return null;
        var waiting = await ExplainAsync([found]);
        return found.ToJob(Catalog, waiting[0], attempts);
    }

    public Task<T?> LookAtResultAsync<T>(JobId job, Func<ReadOnlySpan<byte>, T> look, CancellationToken hangUp = default) => Reads.Bodies.LookAsync(job, look, hangUp);

    public Task<JobInput> ReadInputAsync(JobId job) => Reads.Bodies.InputAsync(job);

    public Task<bool> CopyResultAsync(JobId job, int offset, int count, IBufferWriter<byte> target, CancellationToken hangUp = default) =>
        Reads.Bodies.CopyAsync(job, offset, count, target, hangUp);

    public async Task<IReadOnlyList<Job>> ListAsync(JobFilter filter, int limit, JobId? before, CancellationToken hangUp = default)
    {
        var found = await Reads.Jobs.ListAsync(filter, limit, before?.Stamp ?? long.MaxValue, hangUp);
        var waiting = await ExplainAsync(found);
        return [.. found.Zip(waiting, (job, why) => job.ToJob(Catalog, why, attempts: null))];
    }

    public Task<QueueCounts?> CountAsync(string queue) => writer.AskAsync(new JobCounts(queue));

    public Task<double> StartsPerSecondAsync(string queue) => writer.AskAsync(new StartRate(queue));

    public Task<QueueLearned?> LearnedAsync(string queue, string? key) => writer.AskAsync(new LearnedByQueue(queue, key));

    public Task<LimitStatus?> LimitAsync(string name, string? key) => writer.AskAsync(new LimitStanding(name, key));

    public Task<bool> SetSignalAsync(string name) => writer.RunAsync(new SetSignal(name));

    public Task<bool> ClearSignalAsync(string name) => writer.RunAsync(new ClearSignal(name));

    public Task<SignalStatus> FindSignalAsync(string name) => Reads.Jobs.SignalAsync(name);

    public Task<IDisposable> WatchAsync(StoreListener listener) => writer.WatchAsync(listener);

    public Task<bool> TellAsync(JobId job) => writer.RunAsync(new TellJob(job));

    public Task<IReadOnlySet<JobId>> WithTagAsync(IReadOnlyCollection<JobId> jobs, (string Name, string Value) tag) => Reads.Jobs.WithTagAsync(jobs, tag);

    public ValueTask DisposeAsync()
    {
        writer.Dispose();
        allReads.Connections.Dispose();
        database.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Without a memory of its own a node would read the jobs, but not why they wait.</summary>
    private StoreReads Reads
    {
        get
        {
            writer.ThrowIfStandingBy();
            return allReads;
        }
    }

    private async Task<IReadOnlyList<int>> FinishTogetherAsync(IReadOnlyList<AttemptEnd> ends) => [await writer.FinishAsync(new FinishAttempts(ends))];

    /// <summary>No caller needs it to succeed: the API repeats feedback that is lost.</summary>
    private async Task<long?> FeedBackAsync(ClaimedJob job, ReleaseCall release)
    {
        try
        {
            return await writer.RunAsync(release);
        }
        catch (Exception error)
        {
            logger.LogError(error, "The throttle feedback of job {Job}'s call could not be stored", job.Id);
            return null;
        }
    }

    private async IAsyncEnumerable<List<JobId>> ChunksAsync(JobFilter filter, IReadOnlyList<JobState> states)
    {
        var before = long.MaxValue;
        while (await Reads.Jobs.IdsAsync(filter, states, Chunk, before) is { Count: > 0 } chunk)
        {
            yield return chunk;
            before = chunk[^1].Stamp;
        }
    }

    /// <summary>A few at a time: between them, the writer hands out slots.</summary>
    private async Task<Waiting?[]> ExplainAsync(List<JobRead> jobs)
    {
        var waiting = new Waiting?[jobs.Count];
        foreach (var some in Enumerable.Range(0, jobs.Count).Where(at => jobs[at].State == JobState.Queued).Chunk(ExplainedAtOnce))
        {
            var explained = await writer.AskAsync(new WhyTheyWait([.. some.Select(at => jobs[at].AsWaiting)]));
            foreach (var (at, why) in some.Zip(explained))
                waiting[at] = why;
        }

        return waiting;
    }

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
