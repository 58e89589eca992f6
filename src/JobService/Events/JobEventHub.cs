using JobService.Jobs;
using JobService.Storage;

namespace JobService.Events;

/// <summary>Hands what commits changed to those who wait for it.</summary>
public sealed class JobEventHub
{
    /// <summary>Completes when the job ends. Register first, then look at the job: what ends in between is not missed.</summary>
    public JobEndWait WhenEnded(JobId job) => throw new NotSupportedException();
}

/// <summary>One waiter; disposing it takes it off the list.</summary>
public sealed class JobEndWait : IDisposable
{
    public Task<JobEnded> Ended => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
