using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobService.Dispatch;

/// <summary>Claims jobs, with their slots, for the permits available, and hands them to the workers.</summary>
public sealed partial class Dispatcher(
    QueueSemaphores semaphores, JobWorkers workers, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Dispatcher> logger) : BackgroundService
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The stop begins with the shutdown of the host, not when the web server has closed its last connection.
        using var stopTaking = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        while (!stopTaking.IsCancellationRequested)
        {
            try
            {
                foreach (var job in await semaphores.ClaimAsync(stopTaking.Token))
                    await workers.HandAsync(job);
            }
            catch (Exception error) when (error is not ChannelClosedException)
            {
                LogTurnFailed(logger, error);
                await Task.Delay(AfterFailure, time, stopTaking.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Claiming jobs failed; retrying")]
    private static partial void LogTurnFailed(ILogger logger, Exception error);
}
