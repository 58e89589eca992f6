using JobService.Storage;

namespace JobService.Tests.Support;

internal static class RunningStore
{
    /// <summary>As the host runs it, until it is disposed.</summary>
    public static TStore Running<TStore>(this TStore store)
        where TStore : LedgerStore
    {
        _ = store.RunAsync(CancellationToken.None);
        return store;
    }
}
