using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Storage;

/// <summary>Where jobs live. Its methods are the arrows of <see cref="JobState"/>; each is all or nothing and durable when its task completes.</summary>
/// <remarks>Calls made at the same time are committed together. A call fails with <see cref="StorageUnavailableException"/> when nothing was written.</remarks>
public interface IJobStore : IAsyncDisposable
{
    /// <summary>The store's time: it never runs backwards, and every moment handed out or asked for is of this clock.</summary>
    DateTimeOffset Now { get; }

    /// <summary>The <see cref="TimeProvider.GetTimestamp"/> of a moment of the store: late, never early.</summary>
    long TimestampOf(DateTimeOffset moment);

    /// <summary>The store's time compared with the machine's clock.</summary>
    ClockStatus Clock { get; }

    /// <summary>Queues and limits in force.</summary>
    Catalog Catalog { get; }

    /// <summary>Raised after each commit with what it changed for others, on the store's own thread: handlers only hand on.</summary>
    event Action<StoreNews>? Committed;

    /// <summary>Whether the storage was writable in the last turn; otherwise what is wrong.</summary>
    string? Trouble { get; }

    /// <summary>Another node uses the database: until this one takes over, it knows nothing of it, and every call fails.</summary>
    bool StandsBy { get; }

    // ── queued ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// <summary>Adds a new job. Never fails with an exception: the result says what became of the job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="addition">What became of it, after the commit.</param>
    /// <returns>False when the queue of submissions is full.</returns>
    bool TryAdd(NewJob job, [NotNullWhen(true)] out Task<Addition>? addition);

    /// <summary>Waits until there may be capacity for another submission.</summary>
    Task WaitForPlaceAsync(CancellationToken giveUp);

    /// <summary>Adds new jobs, each by itself: the results are in the order of the jobs. Waits for capacity.</summary>
    Task<IReadOnlyList<Addition>> AddAsync(IReadOnlyList<NewJob> jobs);

    /// <summary>Waits until jobs may start and claims them: <c>running</c>, with a lease, a slot where a limit has a rate, and all limits they need.</summary>
    /// <param name="request">The permits that the queues' semaphores offer: no more jobs are claimed. Unused permits stay with the node.</param>
    /// <param name="stopTaking">Ends the waiting without a claim.</param>
    /// <returns>Nothing when the catalog is newer than the offer: the next offer must be based on it. One claim waits at a time.</returns>
    Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken stopTaking);

    /// <summary>Replaces the offer of the waiting claim. No effect when none waits.</summary>
    /// <param name="newest">Replaces the request as a whole.</param>
    /// <param name="atOnce">Jobs may be waiting for the new permits; otherwise the offer is used the next time that the store has something to do.</param>
    void Renew(ClaimRequest newest, bool atOnce);

    // ── running ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// <summary>The input of a claimed job, if the claim has left it in the store.</summary>
    Task<JobInput> ReadInputAsync(JobId job);

    /// <summary>A claimed job will not start in its slot: what it has taken of its limits is free for others. Its attempt still ends with <see cref="FinishAsync"/>.</summary>
    /// <returns>False when there was nothing to return.</returns>
    Task<bool> GiveUpSlotAsync(ClaimedJob job);

    /// <summary>The call is over: what it held of its limits is free for others, and its feedback is processed. Processing may continue.</summary>
    /// <returns>The last lease of a claim that did not know of the feedback; null when there was none, or when it could not be written.</returns>
    Task<long?> ReleaseAsync(ClaimedJob job, CallFeedback? feedback);

    /// <summary>Writes how attempts ended, each only where its lease still holds; the others change nothing and are counted as lost.</summary>
    /// <returns>How many ends were written.</returns>
    Task<int> FinishAsync(IReadOnlyList<AttemptEnd> ends);

    // ── from any state ────────────────────────────────────────────────────────────────────────────────────────────────

    /// <summary>Cancels a queued job at once; marks a running one and raises <see cref="StoreNews.StopRequests"/>.</summary>
    Task<CancelOutcome> CancelAsync(JobId job, CancelReason reason);

    /// <summary>Puts a failed or cancelled job back to <c>queued</c> with no failures.</summary>
    Task<RetryOutcome> RetryAsync(JobId job);

    /// <summary>Cancels all jobs that match, in chunks.</summary>
    Task<(long Matched, long Cancelled, long Stopping)> CancelManyAsync(JobFilter filter, CancelReason reason);

    /// <summary>Retries all failed and cancelled jobs that match, in chunks.</summary>
    Task<(long Matched, long Requeued)> RetryManyAsync(JobFilter filter);

    /// <summary>Deletes finished jobs that ended before a moment, at most that many: the next chunk of a walk through all jobs.</summary>
    Task<PruneStep> PruneAsync(DateTimeOffset finishedBefore, int atMost);

    // ── batches ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// <summary>Accepts a batch: all of its jobs or none.</summary>
    Task<Addition> AddBatchAsync(NewBatch batch, IReadOnlyList<NewJob> jobs);

    /// <summary>Creates a batch whose jobs are added later, through <see cref="AddAsync"/> in order, until it is closed. An upload ends with its
    /// process: the next opening of the store closes the batch.</summary>
    Task<Batch> OpenBatchAsync(NewBatch batch);

    /// <summary>Closes a batch: no more jobs are added.</summary>
    /// <returns>The batch as it is now; null when there is none.</returns>
    Task<Batch?> CloseBatchAsync(JobId batch);

    /// <summary>Cancels all of its jobs in chunks, also across a restart; an open batch accepts no more jobs.</summary>
    Task<BatchCancelOutcome> CancelBatchAsync(JobId batch, CancelReason reason);

    Task<Batch?> FindBatchAsync(JobId batch);

    /// <summary>Ends of jobs in the order asked for, and the batch at the same moment.</summary>
    /// <returns>Null when there is no such batch.</returns>
    Task<BatchResults?> ResultsAsync(BatchResultsQuery query);

    // ── queues and limits ─────────────────────────────────────────────────────────────────────────────────────────────

    /// <summary>Applies the definitions of the configuration, unless the API has changed them since.</summary>
    Task DeclareAsync(IReadOnlyDictionary<string, QueueDefinition> queues, IReadOnlyDictionary<string, LimitDefinition> limits);

    /// <param name="expected">The revision that must be in force; 0 when there must be none yet; null for any.</param>
    Task<PutOutcome<QueueEntry>> PutQueueAsync(string name, QueueDefinition definition, long? expected);

    /// <param name="expected">As for a queue.</param>
    Task<PutOutcome<LimitEntry>> PutLimitAsync(string name, LimitDefinition definition, long? expected);

    Task<DeleteOutcome> DeleteQueueAsync(string name, long? expected);

    Task<DeleteOutcome> DeleteLimitAsync(string name, long? expected);

    /// <summary>Stops or resumes the starts of a queue; it still accepts jobs.</summary>
    /// <returns>The queue as it is now and as it was; null when there is none.</returns>
    Task<PutOutcome<QueueEntry>.Replaced?> PauseAsync(string queue, bool paused);

    /// <summary>Clears what a limit has learned from responses: pause, slower pace, remaining budget. What was taken stays taken.</summary>
    /// <param name="name">The limit.</param>
    /// <param name="key">Of a <c>perKey</c> limit the state of this key; null for all.</param>
    /// <returns>Whether it had learned anything; null when there is no such limit.</returns>
    Task<bool?> LiftLimitAsync(string name, string? key);

    /// <summary>Clears what a queue without limits has learned from responses.</summary>
    /// <param name="name">The queue.</param>
    /// <param name="key">Jobs of this key; null for all.</param>
    /// <returns>Whether it had learned anything; null when there is no such queue.</returns>
    Task<bool?> LiftQueueAsync(string name, string? key);

    // ── signals ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// <summary>Sets a signal: releases all jobs that wait for it now (in chunks, continued after a restart), and those that arrive until it is cleared.
    /// Setting it again changes nothing.</summary>
    /// <returns>False when it was set already.</returns>
    Task<bool> SetSignalAsync(string name);

    /// <summary>Clears a signal: jobs that arrive from now on wait. Jobs already released are not affected. No effect when it is not set.</summary>
    /// <returns>False when it was not set.</returns>
    Task<bool> ClearSignalAsync(string name);

    /// <summary>A signal that was never set reads as not set.</summary>
    Task<SignalStatus> FindSignalAsync(string name);

    // ── watching ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// <summary>Notifies a listener of every change that is committed after the task has completed. Nothing is collected while there is no listener.</summary>
    /// <returns>Disposing it ends the watch.</returns>
    Task<IDisposable> WatchAsync(StoreListener listener);

    /// <summary>Publishes the state of a job to the listeners, in order with the changes: later changes follow from it.</summary>
    /// <returns>False when there is no such job, or its queue was deleted since it ended.</returns>
    Task<bool> TellAsync(JobId job);

    // ── reads ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// <summary>One job with its attempts and its result, the body inline up to <paramref name="maxInlineBytes"/>.</summary>
    Task<Job?> FindAsync(JobId job, int maxInlineBytes);

    /// <summary>Passes the whole body of a result to a function without copying it: one at a time in the service, as it may be large.</summary>
    /// <returns>Default when it is gone.</returns>
    Task<T?> LookAtResultAsync<T>(JobId job, Func<ReadOnlySpan<byte>, T> look, CancellationToken hangUp = default);

    /// <summary>Copies some bytes of a result's body. Between two calls nothing of the store is held, however long that takes: a body never changes, but its job may be pruned.</summary>
    /// <returns>False when it is gone: nothing was copied.</returns>
    Task<bool> CopyResultAsync(JobId job, int offset, int count, IBufferWriter<byte> target, CancellationToken hangUp = default);

    /// <summary>Newest first, at most <paramref name="limit"/>, older than <paramref name="before"/>.</summary>
    Task<IReadOnlyList<Job>> ListAsync(JobFilter filter, int limit, JobId? before, CancellationToken hangUp = default);

    /// <summary>Those of the jobs that have the tag.</summary>
    Task<IReadOnlySet<JobId>> WithTagAsync(IReadOnlyCollection<JobId> jobs, (string Name, string Value) tag);

    /// <summary>Null when there is no such queue.</summary>
    Task<QueueCounts?> CountAsync(string queue);

    /// <summary>Starts per second, over the last ten seconds; 0 when there is no such queue.</summary>
    Task<double> StartsPerSecondAsync(string queue);

    /// <summary>What a queue without limits has learned from responses; null when nothing that still counts.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="key">What concerns jobs of this key; null for all keys.</param>
    Task<QueueLearned?> LearnedAsync(string queue, string? key);

    /// <summary>The state of a limit; null when there is no such limit.</summary>
    /// <param name="name">The limit.</param>
    /// <param name="key">The state for jobs of this key. Null: the state for all; for a <c>perKey</c> limit the sum over its keys, without what they have learned.</param>
    Task<LimitStatus?> LimitAsync(string name, string? key);
}

/// <summary>Selects jobs: all conditions given must hold.</summary>
public sealed record JobFilter
{
    public string? Queue { get; init; }

    public JobState? State { get; init; }

    public string? Key { get; init; }

    public JobId? Batch { get; init; }

    /// <summary>A tag's name and value.</summary>
    public (string Name, string Value)? Tag { get; init; }
}

/// <summary>The storage cannot be written: nothing of the call was done, and it may be tried again.</summary>
public sealed class StorageUnavailableException : Exception
{
    public StorageUnavailableException()
    {
    }

    public StorageUnavailableException(string message)
        : base(message)
    {
    }

    public StorageUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
