using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>What a queue calls. One call is one request on the wire, at most.</summary>
public interface IApiTarget : IAsyncDisposable
{
    /// <summary>Makes the call, unless it may not start any more.</summary>
    /// <param name="call">What to send.</param>
    /// <param name="mayStart">Called once, as the last step before the send. False: return <see cref="CallResult.NotStarted"/>.</param>
    /// <param name="abandon">Aborts the call; the only exception this method throws is its <see cref="OperationCanceledException"/>.</param>
    Task<CallResult> CallAsync(ApiCall call, Func<bool> mayStart, CancellationToken abandon);
}

/// <param name="Job">Sent as <c>X-Job-Id</c> and as <c>Idempotency-Key: "id"</c>.</param>
/// <param name="Attempt">Sent as <c>X-Job-Attempt</c>.</param>
/// <param name="Payload">JSON in UTF-8; empty when the job has none.</param>
/// <param name="Request">How the call differs from a plain POST of the payload.</param>
/// <param name="Timeout">Timeout of the call.</param>
/// <param name="Paced">True when the call has a slot: if late, it would be too close to the next.</param>
public sealed record ApiCall(JobId Job, int Attempt, ReadOnlyMemory<byte> Payload, ApiRequest? Request, TimeSpan Timeout, bool Paced = false)
{
    /// <summary>Statuses that mean "not now" at this API, besides those that mean it everywhere: see <see cref="QueueDefinition.ThrottledBy"/>.</summary>
    public IReadOnlyList<int> ThrottledBy { get; init; } = [];

    /// <summary>The response to this call, classified as its queue says.</summary>
    public CallResult.Responded Judged(CallResult.Responded response) => ThrottledBy.Contains(response.Status) ? response with { IsNamedRefusal = true } : response;

    /// <summary>Names of the response's headers that are kept.</summary>
    public IReadOnlyList<string> KeepHeaders { get; init; } = [];

    /// <summary>The memory budget of its response; null: unlimited.</summary>
    public ByteReservation? Memory { get; init; }
}

/// <summary>How a call ended.</summary>
public abstract record CallResult
{
    private CallResult()
    {
    }

    /// <summary>A new kind is a new parameter here: a reader that does not handle it does not compile. Takes a state, so that a call allocates no closure.</summary>
    public abstract T Match<TState, T>(
        TState state, Func<TState, Responded, T> responded, Func<TState, Failed, T> failed, Func<TState, NotStarted, T> notStarted, Func<TState, CircuitOpen, T> circuitOpen);

    /// <summary>A complete response, of whatever status.</summary>
    /// <param name="Hint">What its headers say about future calls.</param>
    public sealed record Responded(int Status, string? ContentType, ReadOnlyMemory<byte> Body, RateHint Hint = default) : CallResult
    {
        /// <summary>The headers of it that the call keeps; null when there were none.</summary>
        public IReadOnlyDictionary<string, string>? Headers { get; init; }

        /// <summary>Text that precedes the body in the error of a failed job: a redirect was not followed, or the body cannot be read.</summary>
        public string? Note { get; init; }

        /// <summary>The queue says that this status means "not now".</summary>
        public bool IsNamedRefusal { get; init; }

        /// <summary>"Not now": the call is fine but came at the wrong time. A bare 503 is an API that is down; 529 is an overloaded LLM API.</summary>
        public bool IsRefusal => IsNamedRefusal || Status is 429 or 529 || (Status is (>= 400 and < 500) or 503 && Hint.SaysNotNow) || (Status == 503 && Hint.RetryAfter is not null);

        public override T Match<TState, T>(
            TState state, Func<TState, Responded, T> responded, Func<TState, Failed, T> failed, Func<TState, NotStarted, T> notStarted, Func<TState, CircuitOpen, T> circuitOpen) =>
            responded(state, this);
    }

    /// <summary>No usable response: connection, timeout, address, size.</summary>
    /// <param name="Type">One of <see cref="ErrorTypes"/>.</param>
    /// <param name="Detail">What happened, without secrets.</param>
    /// <param name="MayRetry">False when the next attempt would fail the same way.</param>
    public sealed record Failed(string Type, string Detail, bool MayRetry) : CallResult
    {
        /// <summary>False when it is certain that no byte of the request was sent: there is no connection.</summary>
        public bool WasSent { get; init; } = true;

        public override T Match<TState, T>(
            TState state, Func<TState, Responded, T> responded, Func<TState, Failed, T> failed, Func<TState, NotStarted, T> notStarted, Func<TState, CircuitOpen, T> circuitOpen) =>
            failed(state, this);
    }

    /// <summary>The call was not made: its slot has passed or is held back, or the queue is paused.</summary>
    public sealed record NotStarted : CallResult
    {
        public override T Match<TState, T>(
            TState state, Func<TState, Responded, T> responded, Func<TState, Failed, T> failed, Func<TState, NotStarted, T> notStarted, Func<TState, CircuitOpen, T> circuitOpen) =>
            notStarted(state, this);
    }

    /// <summary>The call was not made: the circuit breaker is open for so long.</summary>
    public sealed record CircuitOpen(TimeSpan Wait) : CallResult
    {
        public override T Match<TState, T>(
            TState state, Func<TState, Responded, T> responded, Func<TState, Failed, T> failed, Func<TState, NotStarted, T> notStarted, Func<TState, CircuitOpen, T> circuitOpen) =>
            circuitOpen(state, this);
    }
}
