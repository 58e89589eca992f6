using System.Buffers.Text;
using JobService.Jobs;
using Polly;
using Polly.Simmy;
using Polly.Simmy.Latency;
using Polly.Simmy.Outcomes;
using Polly.Timeout;

namespace JobService.Upstream;

/// <summary>The built-in API: it echoes the payload, with the delays, failures and refusals of its definition.</summary>
public sealed class SimulatedApi : IApiTarget
{
    private const string Json = "application/json";

    private static readonly Task<CallResult> NotStarted = Task.FromResult<CallResult>(new CallResult.NotStarted());
    private static readonly CallResult Failure = new CallResult.Responded(500, Json, """{"error":"simulated failure"}"""u8.ToArray());
    private static readonly ResiliencePropertyKey<TimeSpan> Bound = new("JobService.CallTimeout");

    private readonly FixedWindow? limit;
    private readonly ResiliencePipeline<CallResult>? faults;

    public SimulatedApi(SimulatedTarget target, TimeProvider time, Func<double> chance)
    {
        limit = target.Limit is { } own ? new FixedWindow(own, time) : null;
        // Without faults there is no pipeline: a call only copies its payload, so that the service itself can be measured.
        faults = target.LatencySeconds.Max > 0 || target.FailureRate > 0 ? FaultsOf(target, time, chance) : null;
    }

    public Task<CallResult> CallAsync(ApiCall call, Func<bool> mayStart, CancellationToken abandon)
    {
        if (abandon.IsCancellationRequested)
            return Task.FromCanceled<CallResult>(abandon);
        if (!mayStart())
            return NotStarted;
        if (limit is not null && !limit.TryTake(out var rest))
            return Task.FromResult<CallResult>(new CallResult.Responded(429, Json, """{"error":"too many calls"}"""u8.ToArray(), new RateHint(rest, Budgets: null)));
        return faults is null ? Task.FromResult<CallResult>(Echo(call)) : RespondAsync(faults, call, abandon);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static async Task<CallResult> RespondAsync(ResiliencePipeline<CallResult> faults, ApiCall call, CancellationToken abandon)
    {
        var context = ResilienceContextPool.Shared.Get(abandon);
        context.Properties.Set(Bound, call.Timeout);
        var outcome = await faults.ExecuteOutcomeAsync(
            static (_, call) => ValueTask.FromResult(Outcome.FromResult<CallResult>(Echo(call))), context, call);
        ResilienceContextPool.Shared.Return(context);
        if (outcome.Exception is TimeoutRejectedException)
            return new CallResult.Failed(ErrorTypes.Timeout, $"No response within {call.Timeout.TotalSeconds:0.###} s.", MayRetry: true);

        outcome.ThrowIfException();
        return outcome.Result is CallResult.Responded response ? call.Judged(response) : outcome.Result!;
    }

    private static ResiliencePipeline<CallResult> FaultsOf(SimulatedTarget target, TimeProvider time, Func<double> chance)
    {
        var (least, most) = (target.LatencySeconds.Min, target.LatencySeconds.Max);
        return new ResiliencePipelineBuilder<CallResult> { TimeProvider = time }
            .AddTimeout(new TimeoutStrategyOptions
            {
                TimeoutGenerator = call => ValueTask.FromResult(call.Context.Properties.GetValue(Bound, TimeSpan.Zero)),
            })
            .AddChaosLatency(new ChaosLatencyStrategyOptions
            {
                InjectionRate = 1,
                Randomizer = chance,
                LatencyGenerator = _ => ValueTask.FromResult(TimeSpan.FromSeconds(least + (chance() * (most - least)))),
            })
            .AddChaosOutcome(new ChaosOutcomeStrategyOptions<CallResult>
            {
                InjectionRate = target.FailureRate,
                Randomizer = chance,
                OutcomeGenerator = _ => ValueTask.FromResult<Outcome<CallResult>?>(Outcome.FromResult(Failure)),
            })
            .Build();
    }

    // The payload is JSON already: one copy into a buffer of the right size.
    private static CallResult.Responded Echo(ApiCall call)
    {
        const int GuidLength = 36;
        const int MaxIntLength = 11;
        var payload = call.Payload.IsEmpty ? "null"u8 : call.Payload.Span;
        Span<byte> attempt = stackalloc byte[MaxIntLength];
        Utf8Formatter.TryFormat(call.Attempt, attempt, out var attemptLength);
        var body = new byte["""{"jobId":"","attempt":,"echo":}""".Length + GuidLength + attemptLength + payload.Length];

        var rest = Append(body, "{\"jobId\":\""u8);
        call.Job.Value.TryFormat(rest, out _, "D");
        rest = Append(rest[GuidLength..], "\",\"attempt\":"u8);
        rest = Append(rest, attempt[..attemptLength]);
        rest = Append(rest, ",\"echo\":"u8);
        rest = Append(rest, payload);
        rest[0] = (byte)'}';
        return new CallResult.Responded(200, Json, body);
    }

    private static Span<byte> Append(Span<byte> rest, scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        return rest[bytes.Length..];
    }
}
