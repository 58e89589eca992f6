using System.Threading.Channels;
using JobService.Jobs;

namespace JobService.Events;

/// <summary>A client that follows a batch; disposing it removes it from the list. It holds no changes, only a flag that there are some: the changes are read from the store,
/// so that a slow reader holds no memory.</summary>
public sealed class BatchWatch : IDisposable
{
    private readonly Channel<bool> news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly JobEventHub hub;

    internal BatchWatch(JobEventHub hub, JobId batch)
    {
        this.hub = hub;
        Batch = batch;
    }

    public JobId Batch { get; }

    /// <summary>Completes when something has changed since the last call, at once if it has already.</summary>
    /// <returns>False when the time ran out first.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task<bool> ChangedAsync(TimeSpan atMost, TimeProvider time, CancellationToken giveUp)
    {
        if (news.Reader.TryRead(out _))
            return true;

        using var timeout = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, giveUp);
        try
        {
            return await news.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!giveUp.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Dispose() => hub.Forget(this);

    internal void Signal() => news.Writer.TryWrite(true);
}
