using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobService.Events;

/// <summary>Distributes events from the store to the streams, on a thread of neither.</summary>
internal sealed partial class EventPump(LiveEvents live, ILogger<EventPump> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                live.Route(await live.Inbox.TakeAsync(stoppingToken));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogFailed(logger, error);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Events could not be delivered to their streams")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
