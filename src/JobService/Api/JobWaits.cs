using JobService.Events;

namespace JobService.Api;

/// <summary>Waits for the ends of jobs on behalf of clients. A shutdown ends every wait, so that no client holds it up.</summary>
internal sealed class JobWaits(TimeProvider time, IHostApplicationLifetime lifetime)
{
    public bool IsDraining => StopTaking.IsCancellationRequested;

    /// <summary>The service has been told to stop.</summary>
    public CancellationToken StopTaking => lifetime.ApplicationStopping;

    /// <summary>True when the job has ended; false when the time is over, the client has gone or the service stops.</summary>
    public async Task<bool> EndsWithinAsync(JobEndWait wait, TimeSpan patience, CancellationToken hangUp)
    {
        if (wait.Ended.IsCompleted || patience <= TimeSpan.Zero)
            return wait.Ended.IsCompletedSuccessfully;

        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(hangUp, lifetime.ApplicationStopping);
        await ((Task)wait.Ended).WaitAsync(patience, time, giveUp.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return wait.Ended.IsCompletedSuccessfully;
    }
}
