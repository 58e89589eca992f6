using JobService.Jobs;
using JobService.Ledger;
using JobService.Processing;
using JobService.Storage;
using JobService.Upstream;
using Microsoft.Extensions.Hosting;

namespace JobService.Dispatch;

/// <summary>Turns one attempt into one outcome: the call, then the processing of its response. It never writes.</summary>
public sealed class JobExecutor(
    ApiTargets targets, ProcessingPool processing, IJobStore store, FeedbackReader feedbackReader, Holds holds, StartPacer starts, IHostApplicationLifetime lifetime, TimeProvider time, Func<double> chance)
{
    /// <param name="attempt">The attempt, in its slot.</param>
    /// <param name="callOver">The call has ended, however, with its feedback: its permits are returned before the processing begins.</param>
    public async Task<AttemptEnd> RunAsync(RunningAttempt attempt, Action<CallOver> callOver)
    {
        var job = attempt.Job;
        var call = new CallProgress();
        JobOutcome outcome;
        try
        {
            var (result, feedback) = await CallAsync(attempt, call, callOver);
            var conclusion = ConcludeAsync(attempt, result, feedback);
            if (!conclusion.IsCompleted)
                call.EndedAt = null; // the attempt ends with its processing
            outcome = await conclusion;
        }
        catch (OperationCanceledException)
        {
            outcome = Stopped(attempt, call.StartedAt is not null);
        }
        catch (Exception error)
        {
            outcome = Failure(job, new JobError(ErrorTypes.Processing, Status: null, $"The attempt failed inside the service: {error.Message}"), mayRetry: true, wait: null);
        }
        finally
        {
            if (call.Timeout is not null)
                await call.Timeout.DisposeAsync();
        }

        return new AttemptEnd(job.Id, job.Lease, call.StartedAt, call.EndedAt ?? store.Now, outcome) { CountsAt = call.CountsAt };
    }

    private async ValueTask<(CallResult Result, CallFeedback? Feedback)> CallAsync(RunningAttempt attempt, CallProgress call, Action<CallOver> callOver)
    {
        var job = attempt.Job;
        CallFeedback? feedback = null;
        HeldCall? held = null;
        try
        {
            var result = await SendAsync(attempt, call);
            feedback = await feedbackReader.ReadAsync(job, result, attempt.Abandoned);
            if (feedback is not null)
                held = holds.Hold(job, feedback); // before the permit of this call allows the next one to start
            if (result is CallResult.Failed { WasSent: false })
            {
                starts.End(job, call.StartedAt ?? default);
                call.StartedAt = null; // the connection is opened after the last check
            }

            return (result, feedback);
        }
        finally
        {
            attempt.Input?.Dispose(); // what was sent is no longer needed
            if (call.StartedAt is { } started)
                call.CountsAt = starts.End(job, started);
            call.EndedAt = store.Now; // before the next call begins
            callOver(new CallOver(WasMade: call.StartedAt is not null, feedback, held));
        }
    }

    private async ValueTask<CallResult> SendAsync(RunningAttempt attempt, CallProgress call)
    {
        var job = attempt.Job;
        var input = attempt.Input is { } large ? await large.ReadAsync(attempt.Abandoned) : null;
        while (true)
        {
            await starts.ReadyAsync(job);
            call.MustWait = false;
            var request = new ApiCall(job.Id, job.Attempt, input?.Payload ?? job.Payload, (input?.Request ?? job.Request)?.Read(), job.Timeout, Paced: job.Slot is not null)
            {
                ThrottledBy = job.Queue.Definition.ThrottledBy,
                KeepHeaders = job.Queue.Definition.KeepHeaders,
                Memory = attempt.Memory,
            };
            var sending = targets.For(job.Queue).CallAsync(request, () => MayStart(attempt, call), attempt.Abandoned);
            if (!sending.IsCompleted)
                call.Timeout ??= time.CreateTimer(static state => ((RunningAttempt)state!).TimeOut(), attempt, job.Timeout, Timeout.InfiniteTimeSpan);
            var result = await sending;
            if (!call.MustWait)
                return result;
        }
    }

    /// <summary>The last check before the send.</summary>
    private bool MayStart(RunningAttempt attempt, CallProgress call)
    {
        var job = attempt.Job;
        if (attempt.Abandoned.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested || holds.Holding(job)
            || store.Catalog.Queues.GetValueOrDefault(job.Queue.Name) is not { Paused: false })
        {
            return false;
        }

        if (job.StartBefore <= time.GetUtcNow()) // a time given by a user refers to the machine's clock
            return false;
        var verdict = starts.TryStart(job, out var now);
        call.MustWait = verdict == StartVerdict.NotYet;
        if (verdict == StartVerdict.Started)
            call.StartedAt = now;
        return verdict == StartVerdict.Started;
    }

    private Task<JobOutcome> ConcludeAsync(RunningAttempt attempt, CallResult result, CallFeedback? feedback) => result.Match(
        (Executor: this, Attempt: attempt, Feedback: feedback),
        responded: static (end, responded) => end.Executor.ConcludeAsync(end.Attempt, responded, end.Feedback?.NotBefore),
        failed: static (end, failed) =>
            Task.FromResult(end.Executor.Failure(end.Attempt.Job, new JobError(failed.Type, Status: null, failed.Detail), failed.MayRetry, wait: null)),
        notStarted: static (end, _) => Task.FromResult<JobOutcome>(end.Attempt.StopReason is { } reason ? new JobOutcome.Cancelled(reason) : new JobOutcome.Unstarted()),
        circuitOpen: static (_, _) => Task.FromResult<JobOutcome>(new JobOutcome.Unstarted()));

    private async Task<JobOutcome> ConcludeAsync(RunningAttempt attempt, CallResult.Responded response, DateTimeOffset? notBefore)
    {
        var job = attempt.Job;
        if (response.Status is >= 200 and < 300)
        {
            var result = new JobResult(response.Status, response.ContentType, response.Body, response.Body.Length) { Headers = response.Headers };
            return new JobOutcome.Succeeded(await processing.RunAsync(job.Queue.Definition.Process, result, attempt.Abandoned));
        }

        return response is { IsRefusal: true, Hint.ShouldRetry: not false }
            ? Throttled(job, response, notBefore)
            : Failure(job, UpstreamError(response), mayRetry: response.Hint.ShouldRetry ?? response.Status is 408 or 425 or >= 500, response.Hint.RetryAfter);
    }

    private JobOutcome Throttled(ClaimedJob job, CallResult.Responded refusal, DateTimeOffset? notBefore)
    {
        var error = UpstreamError(refusal);
        return job.Queue.Definition.Retry.GivesUp(job.ThrottledSince, store.Now, notBefore)
            ? new JobOutcome.Failed(error with { Type = ErrorTypes.Throttled })
            : new JobOutcome.Throttled(error);
    }

    private JobOutcome Failure(ClaimedJob job, JobError error, bool mayRetry, TimeSpan? wait)
    {
        var failures = job.Failures + 1;
        if (!mayRetry || failures >= job.MaxAttempts)
            return new JobOutcome.Failed(error);
        var backoff = job.Queue.Definition.Retry.WaitAfter(failures, chance());
        return new JobOutcome.Retried(error, wait > backoff ? wait.Value : backoff);
    }

    private JobOutcome Stopped(RunningAttempt attempt, bool started) => attempt switch
    {
        { StopReason: { } reason } => new JobOutcome.Cancelled(reason),
        { TimedOut: true } => Failure(attempt.Job, new JobError(ErrorTypes.Timeout, Status: null, TimeoutDetail(attempt.Job)), mayRetry: true, wait: null),
        _ when started => new JobOutcome.Returned(),
        _ => new JobOutcome.Unstarted(),
    };

    private static string TimeoutDetail(ClaimedJob job) => $"The attempt took longer than {job.Timeout.TotalSeconds:0.###} s, call and processing together.";

    private static JobError UpstreamError(CallResult.Responded response) =>
        new(ErrorTypes.Upstream, response.Status, ResponseText.Of(response.Note, response.Body.Span, JobError.MaxDetailBytes)) { Headers = response.Headers };

    private sealed class CallProgress
    {
        /// <summary>When it was sent; null when it was not.</summary>
        public DateTimeOffset? StartedAt { get; set; }

        public DateTimeOffset? EndedAt { get; set; }

        /// <summary>See <see cref="AttemptEnd.CountsAt"/>.</summary>
        public DateTimeOffset? CountsAt { get; set; }

        /// <summary>Bounds the whole attempt; null while nothing had to wait.</summary>
        public ITimer? Timeout { get; set; }

        /// <summary>Another call has started late: this one tries again after it.</summary>
        public bool MustWait { get; set; }
    }
}

/// <summary>A call has ended, however.</summary>
/// <param name="WasMade">Whether something may have been sent.</param>
/// <param name="Feedback">What the response says about the pace; null when nothing.</param>
/// <param name="Held">The holds that it has set on this node, until the store knows.</param>
public readonly record struct CallOver(bool WasMade, CallFeedback? Feedback, HeldCall? Held);
