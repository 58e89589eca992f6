using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Jobs;
using JobService.Limits;

namespace JobService.Api;

/// <summary>Every problem document that the service answers with.</summary>
internal static class Problems
{
    public const string ContentType = "application/problem+json";

    /// <summary>Seconds until a client should try again when the service is shutting down or cannot write.</summary>
    private const int AwayRetrySeconds = 5;

    // ── 400 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    public static ProblemAnswer Body(IReadOnlyList<Violation> violations) => Invalid(
        violations is [var only] ? At(only) : $"{violations.Count} things are wrong with the body: see 'errors'.",
        violations.Select(v => new ErrorView(v.Detail, Pointer: v.Pointer)));

    public static ProblemAnswer Parameter(string name, string wanted) =>
        Invalid($"Query parameter '{name}': {wanted}", [new ErrorView(wanted, Parameter: name)]);

    public static ProblemAnswer Header(string name, string wanted) =>
        Invalid($"Header '{name}': {wanted}", [new ErrorView(wanted, Header: name)]);

    public static ProblemAnswer Invalid(string detail, IEnumerable<ErrorView>? errors = null) =>
        Of(ProblemType.Invalid, detail) is var problem && errors is null ? Answer(problem) : Answer(problem with { Errors = [.. errors!] });

    // ── the resource and its state ────────────────────────────────────────────────────────────────────────────────────

    public static ProblemAnswer NoJob(string id) =>
        Answer(Of(ProblemType.NotFound, $"There is no job '{Shown(id)}'. Ids are UUIDs; finished jobs are deleted after the retention time."));

    public static ProblemAnswer NoQueue(string name) => Answer(Of(ProblemType.NotFound, $"There is no queue '{Shown(name)}'. GET /v1/queues lists them."));

    public static ProblemAnswer NoDelivery(string id) =>
        Answer(Of(ProblemType.NotFound, $"There is no delivery '{Shown(id)}' here. GET …/deliveries lists them."));

    public static ProblemAnswer NoLimit(string name) => Answer(Of(ProblemType.NotFound, $"There is no limit '{Shown(name)}'. GET /v1/limits lists them."));

    public static ProblemAnswer JobFinished(JobState state) =>
        Answer(Of(ProblemType.JobFinished, $"The job {WireNames.Of(state)} before it could be cancelled.") with { State = WireNames.Of(state) });

    public static ProblemAnswer NotRetryable(JobState state) =>
        Answer(Of(ProblemType.NotRetryable, $"The job {(state.IsFinished() ? "has already" : "is")} {WireNames.Of(state)}; only failed and cancelled jobs can be retried.") with { State = WireNames.Of(state) });

    public static ProblemAnswer NoBatch(string id) =>
        Answer(Of(ProblemType.NotFound, $"There is no batch '{Shown(id)}'. Ids are UUIDs; batches are deleted after the retention time."));

    public static ProblemAnswer BatchFinished() =>
        Answer(Of(ProblemType.BatchFinished, "All jobs of the batch ended before it could be cancelled."));

    public static ProblemAnswer BatchStopped() =>
        Answer(Of(ProblemType.BatchStopped, "The batch has been cancelled, by request or because a job failed: it accepts no more jobs."));

    public static ProblemAnswer QueueDeleted() =>
        Answer(Of(ProblemType.NotRetryable, "The job's queue was deleted. Submit the job again to another queue."));

    public static ProblemAnswer NoResult(JobState state) => Answer(Of(ProblemType.NoResult, state.IsFinished()
        ? state == JobState.Cancelled
            ? "The job was cancelled and has no result. GET the job for its cancelReason, or retry it."
            : $"The job {WireNames.Of(state)} and has no result. GET the job for its error, or retry it."
        : $"The job is {WireNames.Of(state)}. GET the job with ?wait=20 and try again.") with { State = WireNames.Of(state) });

    public static ProblemAnswer InUse(string detail) => Answer(Of(ProblemType.InUse, detail));

    public static ProblemAnswer Configured(string name) =>
        Answer(Of(ProblemType.Configured, $"'{name}' is defined by the configuration. Remove it there and restart the service."));

    public static ProblemAnswer Exists(long current) =>
        Answer(Of(ProblemType.Outdated, $"If-None-Match: * was given, and the resource exists. The current ETag is {EntityTags.Of(current)}."));

    public static ProblemAnswer Outdated(long? current) => Answer(Of(ProblemType.Outdated, current is { } revision
        ? $"The current ETag is {EntityTags.Of(revision)}. GET the resource, apply your change and send it with that ETag."
        : "If-Match was given, and the resource does not exist (any more)."));

    // ── a submission that does not go with the configuration ──────────────────────────────────────────────────────────

    public static ProblemAnswer UnknownQueue(string queue) =>
        Answer(Of(ProblemType.UnknownQueue, $"There is no queue '{queue}'. GET /v1/queues lists them; PUT /v1/queues/{queue} creates it."));

    public static ProblemAnswer OverCapacity(string queue, int capacity) => Answer(
        Of(ProblemType.OverCapacity, $"Queue '{queue}' holds {capacity} unfinished jobs at most. Send the jobs as NDJSON: such an upload is accepted as fast as the queue has capacity."));

    public static ProblemAnswer UnknownLimit(string limit) => Answer(
        Of(ProblemType.UnknownLimit, $"There is no limit '{limit}'. Create it first: PUT /v1/limits/{limit}.") with { Limit = limit });

    public static ProblemAnswer NeverFits(string limit, int maxWeight, string counts) => Answer(
        Of(ProblemType.NeverFits, $"Limit '{limit}' counts {(counts == LimitDefinition.Weight ? "weight" : $"the weight '{counts}'")} and allows {maxWeight} at most. If it is to count calls, whatever they "
            + $"weigh, PUT /v1/limits/{limit} with \"counts\": \"calls\". Otherwise submit a lighter job, or raise the limit: the burst of a rate, the permits of a window or concurrency limit. Token "
            + "budgets use a window limit, which takes any weight up to its permits.")
            with { Limit = limit, MaxWeight = maxWeight });

    public static ProblemAnswer RequestNotAllowed(string queue) => Answer(
        Of(ProblemType.RequestNotAllowed, $"Queue '{queue}' does not call an http target. Leave 'request' out, or choose another queue."));

    public static ProblemAnswer IdempotencyMismatch() => Answer(
        Of(ProblemType.Mismatched, "This Idempotency-Key was used with another body. Use a new key for a new job."));

    public static ProblemAnswer IdempotencyInProgress() => Answer(
        Of(ProblemType.InProgress, "A request with this Idempotency-Key is being accepted right now. Send it again in a moment."), retryAfter: 1);

    // ── not now ───────────────────────────────────────────────────────────────────────────────────────────────────────

    public static ProblemAnswer QueueFull(TimeSpan retryAfter)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds));
        return Answer(Of(ProblemType.QueueFull, $"The queue is at capacity. Try again in {seconds} s."), seconds);
    }

    public static ProblemAnswer MemoryFull() =>
        Answer(Of(ProblemType.QueueFull, "The service is at capacity: other submissions that it is reading take all the memory that is set aside for them. Try again in 1 s."), retryAfter: 1);

    public static ProblemAnswer ResponsesFull() =>
        Answer(Of(ProblemType.ResponsesFull, "The service is at capacity: other responses take all the memory that is set aside for them. Try again in 1 s."), retryAfter: 1);

    public static ProblemAnswer JobsTooLarge(string detail) => Answer(Of(ProblemType.TooLarge, detail));

    public static ProblemAnswer Draining() => Answer(Of(ProblemType.Draining, "The service is shutting down. Try again in a moment."), AwayRetrySeconds);

    public static ProblemAnswer Unstorable() =>
        Answer(Of(ProblemType.Internal, "This job could not be stored, and sending it again will not help: this is a defect of the service, and its log says more. Other submissions are not affected."));

    public static ProblemAnswer StorageUnavailable(string trouble) => Answer(Of(ProblemType.StorageUnavailable, trouble), AwayRetrySeconds);

    // ── what HTTP says ────────────────────────────────────────────────────────────────────────────────────────────────

    public static ProblemAnswer Unauthorized() => Answer(Of(ProblemType.Unauthorized, "Send the header 'Authorization: Bearer <key>' with the service's API key."));

    public static ProblemAnswer UnknownHost(string host) => Answer(Of(ProblemType.UnknownHost,
        $"This service is not known as '{Shown(host)}'. Call it as localhost or by its IP address; the operator adds names with JobService:AllowedHosts, or sets JobService:ApiKey, with which any name may be used."));

    public static ProblemAnswer TooManyWrongKeys(TimeSpan retryAfter)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds));
        return Answer(Of(ProblemType.TooManyWrongKeys, $"Too many requests without the right API key came from this address. Try again in {seconds} s."), seconds);
    }

    public static ProblemAnswer CrossSite() =>
        Answer(Of(ProblemType.CrossSite, "The page that sent this is of another origin, which JobService:Cors:Origins does not list."));

    public static ProblemAnswer TooLarge(int maxBytes = Http.JsonBody.MaxBytes) => Answer(Of(ProblemType.TooLarge, $"At most {maxBytes} bytes are accepted here. Put large data elsewhere and submit its address."));

    public static ProblemAnswer TooSlow(string detail) => Answer(Of(ProblemType.TooSlow, detail));

    public static ProblemAnswer MediaType(string detail) => Answer(Of(ProblemType.MediaType, detail));

    public static ProblemAnswer NotAcceptable(string offered) => Answer(Of(ProblemType.NotAcceptable, $"Accept one of {offered}."));

    public static ProblemAnswer Plain(ProblemType type) => Answer(Of(type, type.Meaning));

    /// <summary>The problem of a status that was set without a body, as routing does it.</summary>
    public static ProblemAnswer OfStatus(int status, HttpRequest request) =>
        status == StatusCodes.Status415UnsupportedMediaType ? MediaType($"{MediaTypes.Advice(request)}.") : OfStatus(status);

    /// <summary>The same where it does not depend on the request.</summary>
    public static ProblemAnswer OfStatus(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => Unauthorized(),
        StatusCodes.Status404NotFound => Answer(Of(ProblemType.NotFound, "No resource has this address. /openapi/v1.json lists them all, /swagger shows them.")),
        StatusCodes.Status405MethodNotAllowed => Plain(ProblemType.MethodNotAllowed),
        StatusCodes.Status408RequestTimeout => Plain(ProblemType.TooSlow),
        StatusCodes.Status413PayloadTooLarge => TooLarge(),
        StatusCodes.Status414UriTooLong => Plain(ProblemType.AddressTooLong),
        StatusCodes.Status415UnsupportedMediaType => Plain(ProblemType.MediaType),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => Plain(ProblemType.HeadersTooLarge),
        StatusCodes.Status503ServiceUnavailable => Draining(),
        >= 500 => Plain(ProblemType.Internal),
        _ => Answer(Of(ProblemType.Invalid, "The request cannot be understood. /swagger shows what is expected.") with { Status = status }),
    };

    private static ProblemView Of(ProblemType type, string detail) => new()
    {
        Type = "/problems/" + type.Name,
        Title = type.Title,
        Status = type.Status ?? StatusCodes.Status500InternalServerError,
        Detail = detail,
    };

    private static ProblemAnswer Answer(ProblemView problem, int? retryAfter = null) => new(problem, retryAfter);

    private static string At(Violation violation) => violation.Pointer.Length == 0 ? violation.Detail : $"{violation.Pointer}: {violation.Detail}";

    private static string Shown(string text) => text.Length <= Names.MaxLength ? text : text[..Names.MaxLength] + "…";
}

/// <summary>A problem document as a response.</summary>
internal sealed class ProblemAnswer(ProblemView problem, int? retryAfter) : IResult
{
    public ProblemView Problem => problem;

    public int? RetryAfter => retryAfter;

    /// <summary>The same problem with its position in the body.</summary>
    public ProblemAnswer At(string pointer) => With(one => one with { Errors = [new ErrorView(one.Detail, Pointer: pointer)] });

    /// <summary>The same problem with further members.</summary>
    public ProblemAnswer With(Func<ProblemView, ProblemView> more) => new(more(problem), retryAfter);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (retryAfter is { } seconds)
            httpContext.Response.Headers.RetryAfter = seconds.ToString();
        if (problem.Status == StatusCodes.Status401Unauthorized)
            httpContext.Response.Headers.WWWAuthenticate = "Bearer";
        return new JsonAnswer<ProblemView>(problem.Status, problem, Problems.ContentType).ExecuteAsync(httpContext);
    }
}
