using JobService.Storage.Sqlite;

namespace JobService.Tests.Support;

internal static class RunningStore
{
    /// <summary>As the host runs it, until it is disposed.</summary>
    public static SqliteJobStore Running(this SqliteJobStore store)
    {
        _ = store.RunAsync(CancellationToken.None);
        return store;
    }
}
