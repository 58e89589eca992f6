using Microsoft.Extensions.Hosting;

namespace JobService.Storage;

/// <summary>Runs the store's writer, which commits, turn by turn on its own thread, submissions, which come through a bounded queue, and all other commands, which do not. Starts first and stops last.</summary>
public sealed class LedgerLoop(LedgerStore store) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => store.RunAsync(stoppingToken);
}
