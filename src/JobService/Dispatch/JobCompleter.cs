using System.Threading.Channels;
using JobService.Jobs;
using JobService.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobService.Dispatch;

/// <summary>Writes outcomes in batches. While the storage cannot be written it keeps them: a result that was paid for is not thrown away.</summary>
public sealed partial class JobCompleter(IJobStore store, IOptions<DispatchOptions> options, TimeProvider time, ILogger<JobCompleter> logger) : BackgroundService
{
    private const int Capacity = 4_096;

    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(500);

    private readonly Channel<AttemptEnd> ends = Channel.CreateBounded<AttemptEnd>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    public ValueTask CompleteAsync(AttemptEnd end) => ends.Writer.WriteAsync(end);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        ends.Writer.TryComplete();
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<AttemptEnd>();
        while (await ends.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (batch.Count < options.Value.OutcomesPerCommit && ends.Reader.TryRead(out var end))
                batch.Add(end);
            // Again until it is written, whether or not another end comes meanwhile.
            while (!await WriteAsync(batch))
                await Task.Delay(AfterFailure, time, CancellationToken.None);
            batch.Clear();
        }
    }

    private async Task<bool> WriteAsync(List<AttemptEnd> batch)
    {
        try
        {
            var written = await store.FinishAsync(batch);
            if (written < batch.Count)
                LogLost(logger, batch.Count - written);
            return true;
        }
        catch (Exception error)
        {
            LogNotWritten(logger, batch.Count, error);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} attempts had lost their lease: what they came to was not written")]
    private static partial void LogLost(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} outcomes could not be written yet")]
    private static partial void LogNotWritten(ILogger logger, int count, Exception error);
}
