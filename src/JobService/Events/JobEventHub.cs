using JobService.Jobs;
using JobService.Storage;

namespace JobService.Events;

/// <summary>Hands what commits changed to those who wait for it.</summary>
public sealed class JobEventHub
{
    private readonly Dictionary<JobId, List<JobEndWait>> waits = [];
    private readonly Lock gate = new();

    public JobEventHub(IJobStore store) => store.Committed += news =>
    {
        foreach (var ended in news.Ended)
            Tell(ended);
    };

    /// <summary>Completes when the job ends. Register first, then look at the job: what ends in between is not missed.</summary>
    public JobEndWait WhenEnded(JobId job)
    {
        var wait = new JobEndWait(this, job);
        lock (gate)
        {
            if (!waits.TryGetValue(job, out var list))
                waits.Add(job, list = new List<JobEndWait>(1));
            list.Add(wait);
        }

        return wait;
    }

    internal void Forget(JobEndWait wait)
    {
        lock (gate)
        {
            if (waits.TryGetValue(wait.Job, out var list) && list.Remove(wait) && list.Count == 0)
                waits.Remove(wait.Job);
        }
    }

    private void Tell(JobEnded ended)
    {
        List<JobEndWait>? list;
        lock (gate)
        {
            if (!waits.Remove(ended.Job, out list))
                return;
        }

        foreach (var wait in list)
            wait.Complete(ended);
    }
}

/// <summary>One waiter; disposing it takes it off the list.</summary>
public sealed class JobEndWait : IDisposable
{
    private readonly TaskCompletionSource<JobEnded> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly JobEventHub hub;

    internal JobEndWait(JobEventHub hub, JobId job)
    {
        this.hub = hub;
        Job = job;
    }

    public JobId Job { get; }

    public Task<JobEnded> Ended => ended.Task;

    public void Dispose() => hub.Forget(this);

    internal void Complete(JobEnded news) => ended.TrySetResult(news);
}
