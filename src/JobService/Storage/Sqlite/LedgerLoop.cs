using Microsoft.Extensions.Hosting;

namespace JobService.Storage.Sqlite;

/// <summary>Takes submissions and all other commands out of the queue in front of the store, turn by turn, on a thread of its own. It starts first and stops last.</summary>
public sealed class LedgerLoop(SqliteJobStore store) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => store.RunAsync(stoppingToken);
}
