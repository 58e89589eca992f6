using System.Collections.Concurrent;
using System.Threading.Channels;
using JobService.Jobs;
using Microsoft.Extensions.Options;

namespace JobService.Intake;

/// <summary>The front door: a bounded channel to the <see cref="IntakeWriter"/>, and a place to wait when the queue is full.</summary>
public sealed class JobIntake
{
    private static readonly Submission Draining = new Submission.Unavailable("The service is shutting down.");

    private readonly QueueRoom room;
    private readonly TimeProvider time;
    private readonly TimeSpan maxWait;
    private readonly Channel<PendingJob> submissions;
    private readonly ConcurrentDictionary<string, bool> keysInProgress = new();

    public JobIntake(QueueRoom room, IOptions<IntakeOptions> options, TimeProvider time)
    {
        this.room = room;
        this.time = time;
        maxWait = TimeSpan.FromSeconds(options.Value.MaxWaitSeconds);
        submissions = Channel.CreateBounded<PendingJob>(new BoundedChannelOptions(options.Value.ChannelCapacity) { SingleReader = true });
    }

    internal ChannelReader<PendingJob> Submissions => submissions.Reader;

    /// <summary>Waits for room, then for the commit.</summary>
    /// <param name="job">The job, checked by itself.</param>
    /// <param name="hangUp">The client has gone: what is not yet on its way to the store is not taken in.</param>
    /// <param name="stopTaking">The service stops: nobody waits for room any more.</param>
    /// <exception cref="OperationCanceledException">The client has gone while it waited for room.</exception>
    public async Task<Submission> SubmitAsync(NewJob job, CancellationToken hangUp, CancellationToken stopTaking)
    {
        if (job.Idempotency is not { } idempotency)
            return await EnterAsync(job, hangUp, stopTaking);
        if (!keysInProgress.TryAdd(idempotency.Key, true))
            return new Submission.InProgress();

        try
        {
            return await EnterAsync(job, hangUp, stopTaking);
        }
        finally
        {
            keysInProgress.TryRemove(idempotency.Key, out _);
        }
    }

    /// <summary>Takes nothing in any more; what is in the channel is still written.</summary>
    internal void Close() => submissions.Writer.TryComplete();

    private async Task<Submission> EnterAsync(NewJob job, CancellationToken hangUp, CancellationToken stopTaking)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var endsSeen = room.EndsOf(job.Queue);
            var pending = new PendingJob(job);
            if (!submissions.Writer.TryWrite(pending) && await WaitForChannelAsync(pending, maxWait - time.GetElapsedTime(since), hangUp) is { } refused)
                return refused;

            var answer = await pending.Answer;
            if (answer is not Submission.Full)
                return answer;
            if (!await HasRoomAsync(job.Queue, endsSeen, maxWait - time.GetElapsedTime(since), hangUp, stopTaking))
                return stopTaking.IsCancellationRequested ? Draining : new Submission.Full(room.RetryAfter(job.Queue));
        }
    }

    private async Task<bool> HasRoomAsync(string queue, long endsSeen, TimeSpan atMost, CancellationToken hangUp, CancellationToken stopTaking)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hangUp, stopTaking);
        try
        {
            return await room.WaitAsync(queue, endsSeen, atMost, either.Token);
        }
        catch (OperationCanceledException) when (!hangUp.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <returns>Null when the job is on its way to the store.</returns>
    private async Task<Submission?> WaitForChannelAsync(PendingJob pending, TimeSpan atMost, CancellationToken hangUp)
    {
        if (atMost <= TimeSpan.Zero)
            return new Submission.Full(room.RetryAfter(pending.Job.Queue));

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
            return new Submission.Full(room.RetryAfter(pending.Job.Queue));
        }
    }
}

/// <summary>A submission on its way to the store.</summary>
internal sealed class PendingJob(NewJob job)
{
    private readonly TaskCompletionSource<Submission> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NewJob Job { get; } = job;

    public Task<Submission> Answer => answer.Task;

    public void Complete(Submission submission) => answer.TrySetResult(submission);
}
