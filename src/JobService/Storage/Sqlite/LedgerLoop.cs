using Microsoft.Extensions.Hosting;

namespace JobService.Storage.Sqlite;

/// <summary>Runs the store's writer: turn by turn, on a thread of its own, it commits submissions, which come through a bounded queue, and all other commands, which do not. It starts first and stops last.</summary>
public sealed class LedgerLoop(SqliteJobStore store) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => store.RunAsync(stoppingToken);
}
