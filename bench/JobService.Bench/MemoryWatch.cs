using JobService.Tests.Support;

namespace JobService.Bench;

/// <summary>How much more memory a process uses at its worst than at the beginning.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource stop = new();
    private readonly Task watching;
    private readonly long before;
    private long most;

    public MemoryWatch(ServerProcess process)
    {
        before = most = process.Memory;
        watching = Task.Factory.StartNew(
            () =>
            {
                while (!stop.Token.WaitHandle.WaitOne(Look))
                    most = Math.Max(most, process.Memory);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public double GrowthInMegabytes => (Volatile.Read(ref most) - before) / 1e6;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watching;
        stop.Dispose();
    }
}
