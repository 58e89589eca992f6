using System.Runtime.CompilerServices;
using JobService.Events;
using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Events;

/// <summary>Who waits is on a list, and off it again when it has gone.</summary>
public sealed class JobEventHubTests : IAsyncDisposable
{
    private static readonly JobId id = new(Guid.Parse("01a22200-7720-7000-ae2a-49e2fd1ec0f6"));

    private readonly TemporaryStore temporary = new();
    private readonly JobEventHub hub;

    public JobEventHubTests() => hub = new JobEventHub(temporary.Store);

    public ValueTask DisposeAsync() => temporary.DisposeAsync();

    [Fact]
    public void Whoever_has_gone_is_kept_no_longer()
    {
        var (job, batch) = WaitAndGo();

        GC.Collect();

        Assert.False(job.IsAlive);
        Assert.False(batch.IsAlive);
        GC.KeepAlive(hub);
    }

    /// <summary>A frame of its own, which holds nothing when it is over.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (WeakReference Job, WeakReference Batch) WaitAndGo()
    {
        using var job = hub.WhenEnded(id);
        using var batch = hub.Watch(id);
        return (new WeakReference(job), new WeakReference(batch));
    }
}
