using System.Collections.Concurrent;
using System.Threading.Channels;
using JobService.Jobs;
using JobService.Ledger;
using Microsoft.Extensions.Options;

namespace JobService.Intake;

/// <summary>The front door: a bounded channel to the <see cref="IntakeWriter"/>, and a place to wait when the queue is full.</summary>
public sealed class JobIntake
{
    private static readonly Addition.Refusal Draining = new Addition.Draining();

    private readonly QueueCapacity room;
    private readonly TimeProvider time;
    private readonly TimeSpan maxWait;
    private readonly Channel<PendingJobs> submissions;
    private readonly ConcurrentDictionary<string, bool> keysInProgress = new();

    public JobIntake(QueueCapacity room, IOptions<IntakeOptions> options, TimeProvider time)
    {
        this.room = room;
        this.time = time;
        maxWait = TimeSpan.FromSeconds(options.Value.MaxWaitSeconds);
        submissions = Channel.CreateBounded<PendingJobs>(new BoundedChannelOptions(options.Value.ChannelCapacity) { SingleReader = true });
    }

    internal ChannelReader<PendingJobs> Submissions => submissions.Reader;

    /// <summary>Waits for room, then for the commit.</summary>
    /// <param name="job">The job, checked by itself.</param>
    /// <param name="hangUp">The client has gone: what is not yet on its way to the store is not taken in.</param>
    /// <param name="stopTaking">The service stops: nobody waits for room any more.</param>
    /// <exception cref="OperationCanceledException">The client has gone while it waited for room.</exception>
    public Task<Addition> SubmitAsync(NewJob job, CancellationToken hangUp, CancellationToken stopTaking) => job.Idempotency is { } idempotency
        ? EnterOnceAsync(job, idempotency, hangUp, stopTaking)
        : EnterAsync(job, hangUp, stopTaking);

    /// <summary>A piece of an upload: waits for the channel and the commit, not for room in a queue.</summary>
    /// <param name="jobs">Jobs of one batch, in their order.</param>
    /// <returns>What became of each, in the order of the jobs; behind one that was not taken in, none was.</returns>
    internal async Task<IReadOnlyList<Addition>> SubmitAsync(IReadOnlyList<NewJob> jobs)
    {
        var pending = new PendingJobs(jobs, TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await submissions.Writer.WriteAsync(pending);
        }
        catch (ChannelClosedException)
        {
            return [.. jobs.Select(_ => Draining)];
        }

        return await pending.Answers;
    }

    /// <summary>Takes nothing in any more; what is in the channel is still written.</summary>
    internal void Close() => submissions.Writer.TryComplete();

    private async Task<Addition> EnterOnceAsync(NewJob job, IdempotencyKey idempotency, CancellationToken hangUp, CancellationToken stopTaking)
    {
        if (!keysInProgress.TryAdd(idempotency.Key, true))
            return new Addition.InProgress();

        try
        {
            return await EnterAsync(job, hangUp, stopTaking);
        }
        finally
        {
            keysInProgress.TryRemove(idempotency.Key, out _);
        }
    }

    private async Task<Addition> EnterAsync(NewJob job, CancellationToken hangUp, CancellationToken stopTaking)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var endsSeen = room.EndsOf(job.Queue);
            var pending = new PendingJobs([job], TaskCreationOptions.None);
            if (!submissions.Writer.TryWrite(pending) && await WaitForChannelAsync(pending, job.Queue, maxWait - time.GetElapsedTime(since), hangUp) is { } refused)
                return refused;

            var answer = (await pending.Answers)[0];
            if (answer is not Addition.Full full)
                return answer;
            if (!await room.WaitAsync(job.Queue, endsSeen, maxWait - time.GetElapsedTime(since), hangUp, stopTaking))
                return stopTaking.IsCancellationRequested ? Draining : full with { RetryAfter = room.RetryAfter(job.Queue) };
        }
    }

    /// <returns>Null when the job is on its way to the store.</returns>
    private async Task<Addition.Refusal?> WaitForChannelAsync(PendingJobs pending, string queue, TimeSpan atMost, CancellationToken hangUp)
    {
        if (atMost <= TimeSpan.Zero)
            return new Addition.Full(queue) { RetryAfter = room.RetryAfter(queue) };

        using var timeout = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hangUp, timeout.Token);
        try
        {
            await submissions.Writer.WriteAsync(pending, either.Token);
            return null;
        }
        catch (ChannelClosedException)
        {
            return Draining;
        }
        catch (OperationCanceledException) when (!hangUp.IsCancellationRequested)
        {
            return new Addition.Full(queue) { RetryAfter = room.RetryAfter(queue) };
        }
    }
}
