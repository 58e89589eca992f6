using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Events;

/// <summary>Notifies waiters of the changes of commits.</summary>
public sealed class JobEventHub
{
    private readonly Dictionary<JobId, List<JobEndWait>> waits = [];
    private readonly Dictionary<JobId, List<BatchWatch>> watches = [];
    private readonly Lock gate = new();

    public JobEventHub(IJobStore store) => store.Committed += news =>
    {
        foreach (var ended in news.Ended)
            Tell(ended);
        foreach (var batch in news.Batches)
            Tell(batch);
    };

    /// <summary>Completes when the job ends. Register first, then read the job, so that an end in between is not missed.</summary>
    public JobEndWait WhenEnded(JobId job)
    {
        var wait = new JobEndWait(this, job);
        lock (gate)
            Add(waits, job, wait);
        return wait;
    }

    /// <summary>Signals changes of the batch. Register first, then read the batch.</summary>
    public BatchWatch Watch(JobId batch)
    {
        var watch = new BatchWatch(this, batch);
        lock (gate)
            Add(watches, batch, watch);
        return watch;
    }

    internal void Forget(JobEndWait wait)
    {
        lock (gate)
            Remove(waits, wait.Job, wait);
    }

    internal void Forget(BatchWatch watch)
    {
        lock (gate)
            Remove(watches, watch.Batch, watch);
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

    private void Tell(JobId batch)
    {
        lock (gate)
        {
            foreach (var watch in watches.GetValueOrDefault(batch) ?? [])
                watch.Signal();
        }
    }

    private static void Add<T>(Dictionary<JobId, List<T>> lists, JobId id, T waiter)
    {
        if (!lists.TryGetValue(id, out var list))
            lists.Add(id, list = new List<T>(1));
        list.Add(waiter);
    }

    private static void Remove<T>(Dictionary<JobId, List<T>> lists, JobId id, T waiter)
    {
        if (lists.TryGetValue(id, out var list) && list.Remove(waiter) && list.Count == 0)
            lists.Remove(id);
    }
}

/// <summary>One waiter; disposing it removes it from the list.</summary>
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
