using System.Diagnostics;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Intake;

/// <summary>The front door for batches: as a whole, or in pieces that are accepted as fast as their queues have capacity.</summary>
public sealed class BatchIntake(IJobStore store, QueueCapacity capacity, IOptions<IntakeOptions> options, TimeProvider time)
{
    /// <summary>How often to check again whether a full queue has capacity, when no end was reported, and whether a storage that failed can be written.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private static readonly Addition Unavailable = new Addition.Unavailable("The storage cannot be written: nothing was accepted.");

    /// <summary>All of the jobs or none. Waits for capacity as a single job does, then refuses.</summary>
    /// <param name="hangUp">The client has disconnected.</param>
    /// <param name="stopTaking">The service stops: waits for capacity end.</param>
    /// <exception cref="OperationCanceledException">The client disconnected while it waited for capacity.</exception>
    /// <exception cref="StorageUnavailableException">Nothing was written.</exception>
    public async Task<Addition> SubmitAsync(NewBatch batch, IReadOnlyList<NewJob> jobs, CancellationToken hangUp, CancellationToken stopTaking)
    {
        var since = time.GetTimestamp();
        var maxWait = TimeSpan.FromSeconds(options.Value.MaxWaitSeconds);
        while (true)
        {
            var endsSeen = jobs is [] ? 0 : capacity.EndsOf(jobs[0].Queue);
            var addition = await store.AddBatchAsync(batch, jobs);
            var left = maxWait - time.GetElapsedTime(since);
            if (addition is not Addition.Full(var queue, var missing) full)
                return addition;
            var enough = (queue == jobs[0].Queue ? endsSeen : capacity.EndsOf(queue)) + missing;
            if (!await capacity.WaitForEndsAsync(queue, enough, left, hangUp, stopTaking))
                return full with { RetryAfter = capacity.RetryAfter(queue) };
        }
    }

    public Task<Batch> OpenAsync(NewBatch batch) => store.OpenBatchAsync(batch);

    /// <summary>No more jobs are added. While the storage cannot be written, the close is tried again in the background: no client must wait for a batch that stays open.</summary>
    /// <param name="stopTaking">The service stops: the next opening of the store closes what is open.</param>
    public async Task CloseAsync(JobId batch, CancellationToken stopTaking)
    {
        if (!await TryCloseAsync(batch))
            _ = KeepClosingAsync(batch, stopTaking);
    }

    /// <summary>Adds the next jobs of an upload; a full queue makes it wait as long as it takes.</summary>
    /// <param name="jobs">In their order.</param>
    /// <param name="stop">The client has disconnected, or the service stops: waits for capacity end.</param>
    /// <returns>How many were accepted, and why the next one was refused: null when all were accepted.</returns>
    public async Task<(int Accepted, Addition.Refusal? Refusal)> AppendAsync(IReadOnlyList<NewJob> jobs, CancellationToken stop)
    {
        var accepted = 0;
        var most = jobs.Count;
        while (accepted < jobs.Count)
        {
            var piece = most >= jobs.Count && accepted == 0 ? jobs : [.. jobs.Skip(accepted).Take(most)];
            var endsSeen = capacity.EndsOf(piece[0].Queue);
            var results = await TakeInAsync(piece);
            var taken = results.TakeWhile(result => result is Addition.Accepted).Count();
            accepted += taken;
            most = jobs.Count;
            if (taken == piece.Count)
                continue;
            var refusal = results[taken] as Addition.Refusal ?? throw new UnreachableException($"A job of an upload has no idempotency key: {results[taken]}.");
            if (refusal is not Addition.Full)
                return (accepted, refusal);

            var full = piece[taken].Queue;
            if (full != piece[0].Queue)
                endsSeen = capacity.EndsOf(full);
            if (!await capacity.WaitAsync(full, endsSeen, LookAgain, CancellationToken.None, stop) && stop.IsCancellationRequested)
                return (accepted, refusal);
            most = (int)Math.Clamp(capacity.EndsOf(full) - endsSeen, 1, jobs.Count); // as many as have ended: to try all of them after each end would be wasted work
        }

        return (accepted, null);
    }

    private async Task<IReadOnlyList<Addition>> TakeInAsync(IReadOnlyList<NewJob> piece)
    {
        try
        {
            return await store.AddAsync(piece);
        }
        catch (StorageUnavailableException)
        {
            return [.. piece.Select(_ => Unavailable)];
        }
    }

    private async Task KeepClosingAsync(JobId batch, CancellationToken stopTaking)
    {
        do
            await Task.Delay(LookAgain, time, stopTaking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stopTaking.IsCancellationRequested && !await TryCloseAsync(batch));
    }

    private async Task<bool> TryCloseAsync(JobId batch)
    {
        try
        {
            await store.CloseBatchAsync(batch);
            return true;
        }
        catch (StorageUnavailableException)
        {
            return false;
        }
    }
}
