using System.Collections.Concurrent;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Intake;

/// <summary>The way in: to the bounded queue in front of the store, and a place to wait when that or the job's own queue is full.</summary>
public sealed class JobIntake(IJobStore store, QueueCapacity capacity, IOptions<IntakeOptions> options, TimeProvider time)
{
    private readonly TimeSpan maxWait = TimeSpan.FromSeconds(options.Value.MaxWaitSeconds);
    private readonly ConcurrentDictionary<string, bool> keysInProgress = new();

    /// <summary>Waits for a place, then for the commit.</summary>
    /// <param name="job">The job, checked by itself.</param>
    /// <param name="hangUp">The client has disconnected: a job that is not yet on its way to the store is not added.</param>
    /// <param name="stopTaking">The service stops: waits for capacity end.</param>
    /// <exception cref="OperationCanceledException">The client disconnected while it waited for a place.</exception>
    public Task<Addition> SubmitAsync(NewJob job, CancellationToken hangUp, CancellationToken stopTaking) => job.Idempotency is { } idempotency
        ? EnterOnceAsync(job, idempotency, hangUp, stopTaking)
        : EnterAsync(job, hangUp, stopTaking);

    private async Task<Addition> EnterOnceAsync(NewJob job, IdempotencyKey idempotency, CancellationToken hangUp, CancellationToken stopTaking)
    {
        if (!keysInProgress.TryAdd(idempotency.Key, true))
            return new Addition.InProgress();

        try
        {
            return await EnterAsync(job, hangUp, stopTaking);
        }
        finally
        {
            keysInProgress.TryRemove(idempotency.Key, out _);
        }
    }

    private async Task<Addition> EnterAsync(NewJob job, CancellationToken hangUp, CancellationToken stopTaking)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var endsSeen = capacity.EndsOf(job.Queue);
            if (store.TryAdd(job, out var addition))
            {
                var result = await addition;
                if (result is not Addition.Full full)
                    return result;
                if (!await capacity.WaitAsync(job.Queue, endsSeen, maxWait - time.GetElapsedTime(since), hangUp, stopTaking))
                    return stopTaking.IsCancellationRequested ? new Addition.Draining() : full with { RetryAfter = capacity.RetryAfter(job.Queue) };
            }
            else if (!await WaitForPlaceAsync(maxWait - time.GetElapsedTime(since), hangUp, stopTaking))
            {
                return stopTaking.IsCancellationRequested ? new Addition.Draining() : new Addition.Full(job.Queue) { RetryAfter = capacity.RetryAfter(job.Queue) };
            }
        }
    }

    /// <summary>The queue of submissions in front of the store is full.</summary>
    /// <returns>False when the time was up, or the service stops.</returns>
    private async Task<bool> WaitForPlaceAsync(TimeSpan atMost, CancellationToken hangUp, CancellationToken stopTaking)
    {
        if (atMost <= TimeSpan.Zero)
            return false;

        using var timeout = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hangUp, stopTaking, timeout.Token);
        try
        {
            await store.WaitForPlaceAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!hangUp.IsCancellationRequested)
        {
            return false;
        }
    }
}
