using System.Collections.Concurrent;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>The running attempts of this node and their cancellation: a stop request finds its attempt here.</summary>
public sealed class RunningJobs
{
    private readonly ConcurrentDictionary<JobId, RunningAttempt> attempts = new();
    private readonly ConcurrentDictionary<JobId, CancelReason> early = new();

    public RunningJobs(IJobStore store) => store.Committed += news =>
    {
        foreach (var request in news.StopRequests)
            Stop(request);
        foreach (var ended in news.Ended)
            early.TryRemove(ended.Job, out _);
    };

    public RunningAttempt Enter(ClaimedJob job, ByteReservation? memory = null, LargeInput? input = null)
    {
        var attempt = new RunningAttempt(job, memory, input);
        attempts[job.Id] = attempt;
        // A stop request between the claim and this point found no attempt: it is kept in the list of early requests.
        if (!early.IsEmpty && early.TryRemove(job.Id, out var reason))
            attempt.Stop(reason);
        return attempt;
    }

    public void Leave(RunningAttempt attempt)
    {
        attempts.TryRemove(new KeyValuePair<JobId, RunningAttempt>(attempt.Job.Id, attempt));
        attempt.Dispose();
    }

    /// <summary>The grace period is over: everything that still runs is stopped and returned.</summary>
    public void AbandonAll()
    {
        foreach (var attempt in attempts.Values)
            attempt.Abandon();
    }

    private void Stop(StopRequest request)
    {
        early[request.Job] = request.Reason;
        if (attempts.TryGetValue(request.Job, out var attempt) && early.TryRemove(request.Job, out _))
            attempt.Stop(request.Reason);
    }
}

/// <summary>One attempt and its cancellation.</summary>
/// <param name="job">The job.</param>
/// <param name="memory">The memory budget of its response, until its outcome is written; null: unlimited.</param>
/// <param name="input">The input that the claim has left in the store; null when the job contains all of it.</param>
public sealed class RunningAttempt(ClaimedJob job, ByteReservation? memory = null, LargeInput? input = null) : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly Lock switching = new();
    private bool disposed;

    public ClaimedJob Job { get; } = job;

    public ByteReservation? Memory { get; } = memory;

    public LargeInput? Input { get; } = input;

    /// <summary>Triggered by a stop request, the attempt's timeout or the end of the grace.</summary>
    public CancellationToken Abandoned => source.Token;

    /// <summary>Why it was told to stop; null for a timeout or a shutdown.</summary>
    public CancelReason? StopReason { get; private set; }

    public bool TimedOut { get; private set; }

    public void Stop(CancelReason reason)
    {
        StopReason ??= reason;
        Pull();
    }

    public void Abandon() => Pull();

    public void TimeOut()
    {
        TimedOut = true;
        Pull();
    }

    public void Dispose()
    {
        lock (switching)
        {
            disposed = true;
            source.Dispose();
        }
    }

    /// <summary>Callbacks run on the thread pool: the caller may be the store's thread.</summary>
    private void Pull()
    {
        lock (switching)
        {
            if (!disposed)
                _ = source.CancelAsync();
        }
    }
}
