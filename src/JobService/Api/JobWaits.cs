using JobService.Events;
using JobService.Jobs;
using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Api;

/// <summary>Waits for the ends of jobs on behalf of clients. A shutdown ends every wait, so that no client holds it up.</summary>
internal sealed class JobWaits(IJobStore store, JobEventHub hub, TimeProvider time, IHostApplicationLifetime lifetime, IOptions<WaitOptions> options)
{
    public bool IsDraining => StopTaking.IsCancellationRequested;

    /// <summary>The service has been told to stop.</summary>
    public CancellationToken StopTaking => lifetime.ApplicationStopping;

    /// <summary>The wait that the client asks for, but no longer than this service holds a response.</summary>
    public TimeSpan AtMost(TimeSpan asked) => TimeSpan.FromSeconds(Math.Min(asked.TotalSeconds, options.Value.MaxWaitSeconds));

    /// <summary>True when the job has ended; false when the time is over, the client disconnects or the service stops.</summary>
    public async Task<bool> EndsWithinAsync(JobEndWait wait, TimeSpan patience, CancellationToken hangUp)
    {
        patience = AtMost(patience);
        if (wait.Ended.IsCompleted || patience <= TimeSpan.Zero)
            return wait.Ended.IsCompletedSuccessfully;

        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(hangUp, lifetime.ApplicationStopping);
        await ((Task)wait.Ended).WaitAsync(patience, time, giveUp.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return wait.Ended.IsCompletedSuccessfully;
    }

    /// <summary>The job when it has ended, or as it is when the time is over, the client disconnects or the service stops; null when it is gone. With a wait of zero it reads once. <see cref="WholeJobs"/> adds a large result.</summary>
    public async Task<Job?> HasEndedWithinAsync(JobId id, TimeSpan patience, CancellationToken hangUp)
    {
        if (patience <= TimeSpan.Zero)
            return await store.FindAsync(id, WholeJobs.SmallBytes);

        using var wait = hub.WhenEnded(id);
        var job = await store.FindAsync(id, WholeJobs.SmallBytes);
        if (job is null || job.State.IsFinished())
            return job;

        // Whether it has ended or not, what was read before the wait is outdated.
        await EndsWithinAsync(wait, patience, hangUp);
        return await store.FindAsync(id, WholeJobs.SmallBytes);
    }

    /// <summary>The batch when it is over, or as it is when the time is over, the client disconnects or the service stops; null when it is gone.</summary>
    public async Task<Batch?> IsOverWithinAsync(BatchWatch watch, TimeSpan patience, CancellationToken hangUp)
    {
        using var patient = Patience(patience, hangUp);
        while (true)
        {
            var batch = await store.FindBatchAsync(watch.Batch);
            if (batch is null || batch.IsOver || !await patient.ChangedAsync(watch))
                return batch;
        }
    }

    /// <summary>The wait of one client for a batch, over several reads.</summary>
    public BatchPatience Patience(TimeSpan atMost, CancellationToken hangUp) =>
        new(AtMost(atMost), time, CancellationTokenSource.CreateLinkedTokenSource(hangUp, lifetime.ApplicationStopping));
}

internal sealed class BatchPatience(TimeSpan atMost, TimeProvider time, CancellationTokenSource giveUp) : IDisposable
{
    private readonly long since = time.GetTimestamp();

    /// <summary>True when the batch has changed since the last read; false when the time is over, the client disconnects or the service stops.</summary>
    public async Task<bool> ChangedAsync(BatchWatch watch)
    {
        var left = atMost - time.GetElapsedTime(since);
        if (left <= TimeSpan.Zero)
            return false;
        try
        {
            return await watch.ChangedAsync(left, time, giveUp.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose() => giveUp.Dispose();
}
