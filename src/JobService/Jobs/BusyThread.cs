namespace JobService.Jobs;

/// <summary>Work that keeps a thread of the pool for longer than a response may wait for one: while it lasts, the pool has one more.</summary>
/// <remarks>Why the pool has as many threads as it has: docs/decisions/0007.</remarks>
public readonly struct BusyThread : IDisposable
{
    private static readonly Lock gate = new();
    private static int? least;
    private static int busy;

    /// <summary>To be disposed when the work is done.</summary>
    public static BusyThread Enter()
    {
        Add(1);
        return default;
    }

    public void Dispose() => Add(-1);

    private static void Add(int more)
    {
        lock (gate)
        {
            ThreadPool.GetMinThreads(out var workers, out var ports);
            least ??= workers;
            busy += more;
            ThreadPool.SetMinThreads(least.Value + busy, ports);
        }
    }
}
