using System.Threading.Channels;
using JobService.Jobs;
using JobService.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobService.Dispatch;

/// <summary>Writes outcomes in batches. While the storage cannot be written it keeps them: a result that was paid for is not discarded.</summary>
public sealed partial class JobCompleter(
    IJobStore store, IHostApplicationLifetime lifetime, IOptions<DispatchOptions> options, TimeProvider time, ILogger<JobCompleter> logger) : BackgroundService
{
    private const int Capacity = 4_096;

    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(500);

    private readonly Channel<(AttemptEnd End, ByteReservation? Memory)> ends = Channel.CreateBounded<(AttemptEnd End, ByteReservation? Memory)>(new BoundedChannelOptions(Capacity)
    {
        SingleReader = true,
        AllowSynchronousContinuations = true, // who brings an end hands it on to the store: no thread is woken for that
    });

    private readonly List<AttemptEnd> batch = [];
    private readonly List<ByteReservation> memory = [];
    private (int Ended, int Returned) sinceStopping;

    /// <param name="end">The end of the attempt.</param>
    /// <param name="memory">The memory of its result: released when it is written.</param>
    public ValueTask CompleteAsync(AttemptEnd end, ByteReservation? memory = null) => ends.Writer.WriteAsync((end, memory));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        ends.Writer.TryComplete();
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
        LogStopped(logger, sinceStopping.Ended, sinceStopping.Returned, batch.Count + ends.Reader.Count);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await ends.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (batch.Count < options.Value.OutcomesPerCommit && ends.Reader.TryRead(out var end))
            {
                batch.Add(end.End);
                if (end.Memory is not null)
                    memory.Add(end.Memory);
            }

            // Tried again until they are written, whether or not other ends arrive meanwhile.
            while (!await WriteAsync())
                await Task.Delay(AfterFailure, time, CancellationToken.None);
            batch.Clear();
            memory.ForEach(one => one.Dispose());
            memory.Clear();
        }
    }

    private async Task<bool> WriteAsync()
    {
        try
        {
            var written = await store.FinishAsync(batch);
            if (lifetime.ApplicationStopping.IsCancellationRequested)
                CountEnds();
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

    private void CountEnds()
    {
        var returned = batch.Count(end => end.Outcome.IsUnfinished);
        sinceStopping = (sinceStopping.Ended + batch.Count - returned, sinceStopping.Returned + returned);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopped: {Ended} running attempts ended, {Returned} jobs were returned to the queue, {Unwritten} outcomes could not be written")]
    private static partial void LogStopped(ILogger logger, int ended, int returned, int unwritten);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} attempts had lost their lease: their outcomes were discarded")]
    private static partial void LogLost(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} outcomes could not be written; retrying")]
    private static partial void LogNotWritten(ILogger logger, int count, Exception error);
}
