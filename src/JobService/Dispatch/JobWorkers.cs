using System.Threading.Channels;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Upstream;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobService.Dispatch;

/// <summary>Starts claimed jobs, each in its slot, and sees them to their end.</summary>
/// <remarks>For every claimed job a permit of its queue's semaphore is kept, or is expected in its slot, so that no job waits in the channel for longer than a hand-over.</remarks>
public sealed partial class JobWorkers(
    IJobStore store,
    QueueSemaphores semaphores,
    SlotClock slots,
    StartPacer starts,
    LargeInputs inputs,
    JobExecutor executor,
    RunningJobs running,
    JobCompleter completer,
    IHostApplicationLifetime lifetime,
    IOptions<DispatchOptions> options,
    IOptions<UpstreamOptions> upstream,
    TimeProvider time,
    ILogger<JobWorkers> logger) : BackgroundService
{
    private const int HandOverCapacity = 1_024;

    private readonly ByteBudget responses = new(upstream.Value.MaxHeldBytes, time);
    private readonly Channel<ClaimedJob> claimed = Channel.CreateBounded<ClaimedJob>(HandOverCapacity);
    private readonly InFlight inFlight = new();

    /// <summary>Ends when the dispatcher has stopped and the last attempt has been handed to the completer.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        claimed.Writer.TryComplete();
        if (ExecuteTask is { } consumers)
            await consumers;
        await inFlight.WhenEmptyAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var stop = lifetime.ApplicationStopping.Register(BeginGrace);
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(ConsumeAsync, CancellationToken.None)));
    }

    private async Task ConsumeAsync()
    {
        await foreach (var job in claimed.Reader.ReadAllAsync(CancellationToken.None))
            Begin(job);
    }

    /// <summary>A job with a slot only has to be put on the clock, which wakes no thread before the slot; any other starts at once, in a consumer's thread.</summary>
    public ValueTask HandAsync(ClaimedJob job)
    {
        if (job.Slot is null)
            return claimed.Writer.WriteAsync(job);
        Begin(job);
        return ValueTask.CompletedTask;
    }

    private void Begin(ClaimedJob job)
    {
        inFlight.Enter();
        var input = inputs.Open(job);
        if (job.Slot is not null && input is { IsLate: true })
            _ = GiveUpSlotAsync(job, input);
        else if (job.Slot is { } slot)
        {
            slots.Schedule(store.TimestampOf(slot.At), new Start(this, job, input));
            starts.HandOver(job);
        }
        else
            _ = RunAsync(job, input);
    }

    private async Task RunAsync(ClaimedJob job, LargeInput? input)
    {
        var memory = new ByteReservation(responses);
        try
        {
            var end = await AttemptAsync(job, memory, input);
            if (end.Outcome is not JobOutcome.Succeeded)
                memory.Dispose(); // only the beginning of a response that is no result is kept
            await completer.CompleteAsync(end, memory);
        }
        catch (Exception error)
        {
            memory.Dispose();
            LogLost(logger, job.Id, error);
        }
        finally
        {
            input?.Dispose();
            inFlight.Leave();
        }
    }

    private async ValueTask<AttemptEnd> AttemptAsync(ClaimedJob job, ByteReservation memory, LargeInput? input)
    {
        if (await semaphores.EnterAsync(job) is not { } admission)
            return EndOf(job, new JobOutcome.Unstarted());

        var attempt = running.Enter(job, memory, input);
        var end = await executor.RunAsync(attempt, over => EndCall(job, admission, over));
        running.Leave(attempt);
        return end;
    }

    /// <summary>There is no memory for the input of the job. It gives its slot back before that passes, waits for memory with its permit, and then returns to its lane.</summary>
    private async Task GiveUpSlotAsync(ClaimedJob job, LargeInput input)
    {
        _ = store.GiveUpSlotAsync(job);
        try
        {
            if (await semaphores.EnterAsync(job) is not { } admission)
            {
                await completer.CompleteAsync(EndOf(job, new JobOutcome.Unstarted()));
                return;
            }

            // Written before the permit is released, so that the freed permit goes to this job, whose input is in memory.
            var end = EndOf(job, await WaitForMemoryAsync(job, input));
            var written = store.FinishAsync([end]);
            await ((Task)written).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            semaphores.Leave(admission, callWasMade: false);
            if (!written.IsCompletedSuccessfully)
                await completer.CompleteAsync(end);
        }
        catch (Exception error)
        {
            LogLost(logger, job.Id, error);
        }
        finally
        {
            inFlight.Leave();
        }
    }

    private async Task<JobOutcome> WaitForMemoryAsync(ClaimedJob job, LargeInput input)
    {
        // Another job of the queue has its input and needs the permit.
        if (inputs.IsKeptFor(job.Queue))
            return new JobOutcome.Unstarted();

        var attempt = running.Enter(job);
        var isHere = await input.IsHereAsync(attempt.Abandoned);
        if (isHere)
            inputs.Keep(input);
        running.Leave(attempt);
        return attempt.StopReason is { } reason ? new JobOutcome.Cancelled(reason) : new JobOutcome.Unstarted { StartsNext = isHere };
    }

    private AttemptEnd EndOf(ClaimedJob job, JobOutcome notStarted) => new(job.Id, job.Lease, StartedAt: null, store.Now, notStarted);

    private void EndCall(ClaimedJob job, QueueSemaphores.Admission admission, CallOver over)
    {
        // Before the permit starts the next call, and before the completer gets the end: the store processes commands in the order of arrival.
        // A call that was never made returns what it took with the end of its attempt: then an unused slot is returned, too.
        var held = over.WasMade ? job : job with { HoldsLimits = false };
        if (held.HoldsLimits || over.Feedback is not null)
        {
            var told = store.ReleaseAsync(held, over.Feedback);
            _ = over.Held?.SettleAsync(told);
        }

        semaphores.Leave(admission, over.WasMade);
    }

    private void BeginGrace() => _ = AbandonLaterAsync();

    private async Task AbandonLaterAsync()
    {
        using var empty = new CancellationTokenSource();
        await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(options.Value.GraceSeconds), time, empty.Token), inFlight.WhenEmptyAsync());
        await empty.CancelAsync();
        running.AbandonAll();
    }

    private sealed class Start(JobWorkers workers, ClaimedJob job, LargeInput? input) : IThreadPoolWorkItem
    {
        public void Execute() => _ = workers.RunAsync(job, input);
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The attempt at job {Job} ended without an outcome; the job stays running until the service restarts")]
    private static partial void LogLost(ILogger logger, JobId job, Exception error);
}

/// <summary>Counts the attempts in progress, and signals when there are none.</summary>
internal sealed class InFlight
{
    private readonly Lock gate = new();
    private int count;
    private TaskCompletionSource? empty;

    public void Enter()
    {
        lock (gate)
            count++;
    }

    public void Leave()
    {
        lock (gate)
        {
            if (--count > 0)
                return;
            empty?.TrySetResult();
            empty = null;
        }
    }

    public Task WhenEmptyAsync()
    {
        lock (gate)
        {
            if (count == 0)
                return Task.CompletedTask;
            empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return empty.Task;
        }
    }
}
