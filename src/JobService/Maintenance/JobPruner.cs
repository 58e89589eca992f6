using JobService.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobService.Maintenance;

/// <summary>Deletes finished jobs that are older than the retention, in chunks small enough that nobody waits for them.</summary>
public sealed partial class JobPruner(IJobStore store, IOptions<StorageOptions> options, TimeProvider time, ILogger<JobPruner> logger) : BackgroundService
{
    private const int BatchSize = 200;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await NextAsync(timer, stoppingToken))
        {
            try
            {
                var finishedBefore = store.Now - TimeSpan.FromHours(options.Value.RetentionHours);
                while (!stoppingToken.IsCancellationRequested && (await store.PruneAsync(finishedBefore, BatchSize)).GoesOn)
                    await Task.Yield();
            }
            catch (Exception error)
            {
                LogFailed(logger, error);
            }
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired jobs could not be deleted; retrying in a minute")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
