using JobService.Jobs;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace JobService.Upstream;

/// <summary>The resilience pipeline of one call: a circuit breaker for the API, and inside it the timeout of the attempt. No retry: that would be an uncounted call.</summary>
internal sealed class CallPipeline
{
    // A broken API gets one call per break instead of all; a few bad responses among many do not stop a queue.
    private const double BreakAtFailureRatio = 0.5;
    private const int MinCalls = 20;
    private static readonly TimeSpan Sampling = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstBreak = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestBreak = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WaitForProbe = TimeSpan.FromSeconds(1);

    private static readonly ResiliencePropertyKey<TimeSpan> Bound = new("JobService.CallTimeout");

    private readonly CircuitBreakerStateProvider circuit = new();
    private readonly ResiliencePipeline<CallResult> pipeline;

    public CallPipeline(string queue, TimeProvider time, ILogger log) =>
        pipeline = new ResiliencePipelineBuilder<CallResult> { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<CallResult>
            {
                FailureRatio = BreakAtFailureRatio,
                MinimumThroughput = MinCalls,
                SamplingDuration = Sampling,
                BreakDurationGenerator = broken => ValueTask.FromResult(BreakAfter(broken.HalfOpenAttempts)),
                ShouldHandle = end => ValueTask.FromResult(CountsAgainst(end.Outcome)),
                StateProvider = circuit,
                OnOpened = opened =>
                {
                    log.LogWarning("The API of queue {Queue} is failing: the circuit is open, no calls for {Seconds} s", queue, opened.BreakDuration.TotalSeconds);
                    return ValueTask.CompletedTask;
                },
                OnClosed = _ =>
                {
                    log.LogInformation("The API of queue {Queue} responds again: the circuit is closed", queue);
                    return ValueTask.CompletedTask;
                },
            })
            .AddTimeout(new TimeoutStrategyOptions
            {
                TimeoutGenerator = call => ValueTask.FromResult(call.Context.Properties.GetValue(Bound, TimeSpan.Zero)),
            })
            .Build();

    /// <summary>Throws only the <see cref="OperationCanceledException"/> of <paramref name="abandon"/>.</summary>
    public async Task<CallResult> RunAsync<TCall>(
        Func<TCall, CancellationToken, ValueTask<CallResult>> send, TCall call, TimeSpan timeout, CancellationToken abandon)
    {
        var context = ResilienceContextPool.Shared.Get(abandon);
        context.Properties.Set(Bound, timeout > TimeSpan.Zero ? timeout : TimeSpan.FromTicks(1));
        var outcome = await pipeline.ExecuteOutcomeAsync(
            static async (context, step) =>
            {
                try
                {
                    return Outcome.FromResult(await step.send(step.call, context.CancellationToken));
                }
                catch (OperationCanceledException stopped)
                {
                    return Outcome.FromException<CallResult>(stopped);
                }
            },
            context,
            (send, call));
        ResilienceContextPool.Shared.Return(context);

        switch (outcome.Exception)
        {
            case null:
                return outcome.Result!;
            case BrokenCircuitException open:
                return new CallResult.CircuitOpen(RestOfBreak(open));
            case TimeoutRejectedException:
                return new CallResult.Failed(ErrorTypes.Timeout, $"No complete response within {timeout.TotalSeconds:0.###} s.", MayRetry: true);
            default:
                abandon.ThrowIfCancellationRequested();
                return new CallResult.Failed(ErrorTypes.Transport, outcome.Exception.Message, MayRetry: true);
        }
    }

    private static TimeSpan BreakAfter(int failedProbes)
    {
        var rising = FirstBreak * Math.Pow(2, Math.Min(failedProbes, 10));
        return rising < LongestBreak ? rising : LongestBreak;
    }

    // While one call probes the API, the others wait for its end, which is near; Polly would make them wait for a whole break.
    private TimeSpan RestOfBreak(BrokenCircuitException open)
    {
        var rest = open.RetryAfter ?? FirstBreak;
        return circuit.CircuitState == CircuitState.HalfOpen && rest > WaitForProbe ? WaitForProbe : rest;
    }

    // A job chooses its timeout, and an API that names a time in a 503 is working: neither shows that the API is broken.
    // But only a response may close the circuit again, so a probe without one counts as a failure.
    private bool CountsAgainst(Outcome<CallResult> end) => end.Result switch
    {
        CallResult.Responded { IsRefusal: true } => false,
        CallResult.Responded response => response.Status >= 500,
        CallResult.Failed { Type: ErrorTypes.Transport } => true,
        CallResult.Failed { Type: ErrorTypes.TooLarge } => false,
        _ => circuit.CircuitState == CircuitState.HalfOpen,
    };
}
