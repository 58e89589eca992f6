using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Jobs;
using JobService.Limits;

namespace JobService.Api;

/// <summary>Every problem document that the service responds with.</summary>
internal static class Problems
{
    public const string ContentType = "application/problem+json";

    /// <summary>Seconds until a client should try again when the service is shutting down or cannot write.</summary>
    private const int AwayRetrySeconds = 5;

    // ── 400 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    public static ProblemResponse Body(IReadOnlyList<Violation> violations) => Invalid(
        violations is [var only] ? At(only) : $"{violations.Count} things are wrong with the body: see 'errors'.",
        violations.Select(v => new ErrorView(v.Detail, Pointer: v.Pointer)));

    public static ProblemResponse Parameter(string name, string wanted) =>
        Invalid($"Query parameter '{name}': {wanted}", [new ErrorView(wanted, Parameter: name)]);

    public static ProblemResponse Header(string name, string wanted) =>
        Invalid($"Header '{name}': {wanted}", [new ErrorView(wanted, Header: name)]);

    public static ProblemResponse Invalid(string detail, IEnumerable<ErrorView>? errors = null) =>
        Of(ProblemType.Invalid, detail) is var problem && errors is null ? Response(problem) : Response(problem with { Errors = [.. errors!] });

    // ── the resource and its state ────────────────────────────────────────────────────────────────────────────────────

    public static ProblemResponse NoJob(string id) =>
        Response(Of(ProblemType.NotFound, $"There is no job '{Shown(id)}'. Ids are UUIDs; finished jobs are deleted after the retention time."));

    public static ProblemResponse NoQueue(string name) => Response(Of(ProblemType.NotFound, $"There is no queue '{Shown(name)}'. GET /v1/queues lists them."));

    public static ProblemResponse NoDelivery(string id) =>
        Response(Of(ProblemType.NotFound, $"There is no delivery '{Shown(id)}' here. GET …/deliveries lists them."));

    public static ProblemResponse NoLimit(string name) => Response(Of(ProblemType.NotFound, $"There is no limit '{Shown(name)}'. GET /v1/limits lists them."));

    public static ProblemResponse JobFinished(JobState state) =>
        Response(Of(ProblemType.JobFinished, $"The job {WireNames.Of(state)} before it could be cancelled.") with { State = WireNames.Of(state) });

    public static ProblemResponse NotRetryable(JobState state) =>
        Response(Of(ProblemType.NotRetryable, $"The job {(state.IsFinished() ? "has already" : "is")} {WireNames.Of(state)}; only failed and cancelled jobs can be retried.") with { State = WireNames.Of(state) });

    public static ProblemResponse NoBatch(string id) =>
        Response(Of(ProblemType.NotFound, $"There is no batch '{Shown(id)}'. Ids are UUIDs; batches are deleted after the retention time."));

    public static ProblemResponse BatchFinished() =>
        Response(Of(ProblemType.BatchFinished, "All jobs of the batch ended before it could be cancelled."));

    public static ProblemResponse BatchStopped() =>
        Response(Of(ProblemType.BatchStopped, "The batch has been cancelled, by request or because a job failed: it accepts no more jobs."));

    public static ProblemResponse QueueDeleted() =>
        Response(Of(ProblemType.NotRetryable, "The job's queue was deleted. Submit the job again to another queue."));

    public static ProblemResponse NoResult(JobState state) => Response(Of(ProblemType.NoResult, state.IsFinished()
        ? state == JobState.Cancelled
            ? "The job was cancelled and has no result. GET the job for its cancelReason, or retry it."
            : $"The job {WireNames.Of(state)} and has no result. GET the job for its error, or retry it."
        : $"The job is {WireNames.Of(state)}. GET the job with ?wait=20 and try again.") with { State = WireNames.Of(state) });

    public static ProblemResponse InUse(string detail) => Response(Of(ProblemType.InUse, detail));

    public static ProblemResponse Configured(string name) =>
        Response(Of(ProblemType.Configured, $"'{name}' is defined by the configuration. Remove it there and restart the service."));

    public static ProblemResponse Exists(long current) =>
        Response(Of(ProblemType.Outdated, $"If-None-Match: * was given, and the resource exists. The current ETag is {EntityTags.Of(current)}."));

    public static ProblemResponse Outdated(long? current) => Response(Of(ProblemType.Outdated, current is { } revision
        ? $"The current ETag is {EntityTags.Of(revision)}. GET the resource, apply your change and send it with that ETag."
        : "If-Match was given, and the resource does not exist (any more)."));

    // ── a submission that does not go with the configuration ──────────────────────────────────────────────────────────

    public static ProblemResponse UnknownQueue(string queue) =>
        Response(Of(ProblemType.UnknownQueue, $"There is no queue '{queue}'. GET /v1/queues lists them; PUT /v1/queues/{queue} creates it."));

    public static ProblemResponse OverCapacity(string queue, int capacity) => Response(
        Of(ProblemType.OverCapacity, $"Queue '{queue}' holds {capacity} unfinished jobs at most. Send the jobs as NDJSON: such an upload is accepted as fast as the queue has capacity."));

    public static ProblemResponse UnknownLimit(string limit) => Response(
        Of(ProblemType.UnknownLimit, $"There is no limit '{limit}'. Create it first: PUT /v1/limits/{limit}.") with { Limit = limit });

    public static ProblemResponse NeverFits(string limit, int maxWeight, string counts) => Response(
        Of(ProblemType.NeverFits, $"Limit '{limit}' counts {(counts == LimitDefinition.Weight ? "weight" : $"the weight '{counts}'")} and allows {maxWeight} at most. If it is to count calls, whatever they "
            + $"weigh, PUT /v1/limits/{limit} with \"counts\": \"calls\". Otherwise submit a lighter job, or raise the limit: the burst of a rate, the permits of a window or concurrency limit. Token "
            + "budgets use a window limit, which takes any weight up to its permits.")
            with { Limit = limit, MaxWeight = maxWeight });

    public static ProblemResponse RequestNotAllowed(string queue) => Response(
        Of(ProblemType.RequestNotAllowed, $"Queue '{queue}' does not call an http target. Leave 'request' out, or choose another queue."));

    public static ProblemResponse IdempotencyMismatch() => Response(
        Of(ProblemType.Mismatched, "This Idempotency-Key was used with another body. Use a new key for a new job."));

    public static ProblemResponse IdempotencyInProgress() => Response(
        Of(ProblemType.InProgress, "A request with this Idempotency-Key is being accepted right now. Send it again in a moment."), retryAfter: 1);

    // ── not now ───────────────────────────────────────────────────────────────────────────────────────────────────────

    public static ProblemResponse QueueFull(TimeSpan retryAfter)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds));
        return Response(Of(ProblemType.QueueFull, $"The queue is at capacity. Try again in {seconds} s."), seconds);
    }

    public static ProblemResponse MemoryFull() =>
        Response(Of(ProblemType.QueueFull, "The service is at capacity: other submissions that it is reading take all the memory that is set aside for them. Try again in 1 s."), retryAfter: 1);

    public static ProblemResponse ResponsesFull() =>
        Response(Of(ProblemType.ResponsesFull, "The service is at capacity: other responses take all the memory that is set aside for them. Try again in 1 s."), retryAfter: 1);

    public static ProblemResponse JobsTooLarge(string detail) => Response(Of(ProblemType.TooLarge, detail));

    public static ProblemResponse Draining() => Response(Of(ProblemType.Draining, "The service is shutting down. Try again in a moment."), AwayRetrySeconds);

    public static ProblemResponse Unstorable() =>
        Response(Of(ProblemType.Internal, "This job could not be stored, and sending it again will not help: this is a defect of the service, and its log says more. Other submissions are not affected."));

    public static ProblemResponse StorageUnavailable(string trouble) => Response(Of(ProblemType.StorageUnavailable, trouble), AwayRetrySeconds);

    // ── what HTTP says ────────────────────────────────────────────────────────────────────────────────────────────────

    public static ProblemResponse Unauthorized() => Response(Of(ProblemType.Unauthorized, "Send the header 'Authorization: Bearer <key>' with the service's API key."));

    public static ProblemResponse UnknownHost(string host) => Response(Of(ProblemType.UnknownHost,
        $"This service is not known as '{Shown(host)}'. Call it as localhost or by its IP address; the operator adds names with JobService:AllowedHosts, or sets JobService:ApiKey, with which any name may be used."));

    public static ProblemResponse TooManyWrongKeys(TimeSpan retryAfter)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds));
        return Response(Of(ProblemType.TooManyWrongKeys, $"Too many requests without the right API key came from this address. Try again in {seconds} s."), seconds);
    }

    public static ProblemResponse CrossSite() =>
        Response(Of(ProblemType.CrossSite, "The page that sent this is of another origin, which JobService:Cors:Origins does not list."));

    public static ProblemResponse TooLarge(int maxBytes = Http.JsonBody.MaxBytes) => Response(Of(ProblemType.TooLarge, $"At most {maxBytes} bytes are accepted here. Put large data elsewhere and submit its address."));

    public static ProblemResponse TooSlow(string detail) => Response(Of(ProblemType.TooSlow, detail));

    public static ProblemResponse MediaType(string detail) => Response(Of(ProblemType.MediaType, detail));

    public static ProblemResponse NotAcceptable(string offered) => Response(Of(ProblemType.NotAcceptable, $"Accept one of {offered}."));

    public static ProblemResponse Plain(ProblemType type) => Response(Of(type, type.Meaning));

    /// <summary>The problem of a status that was set without a body, as routing does it.</summary>
    public static ProblemResponse OfStatus(int status, HttpRequest request) =>
        status == StatusCodes.Status415UnsupportedMediaType ? MediaType($"{MediaTypes.Advice(request)}.") : OfStatus(status);

    /// <summary>The same where it does not depend on the request.</summary>
    public static ProblemResponse OfStatus(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => Unauthorized(),
        StatusCodes.Status404NotFound => Response(Of(ProblemType.NotFound, "No resource has this address. /openapi/v1.json lists them all, /swagger shows them.")),
        StatusCodes.Status405MethodNotAllowed => Plain(ProblemType.MethodNotAllowed),
        StatusCodes.Status408RequestTimeout => Plain(ProblemType.TooSlow),
        StatusCodes.Status413PayloadTooLarge => TooLarge(),
        StatusCodes.Status414UriTooLong => Plain(ProblemType.AddressTooLong),
        StatusCodes.Status415UnsupportedMediaType => Plain(ProblemType.MediaType),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => Plain(ProblemType.HeadersTooLarge),
        StatusCodes.Status503ServiceUnavailable => Draining(),
        >= 500 => Plain(ProblemType.Internal),
        _ => Response(Of(ProblemType.Invalid, "The request cannot be understood. /swagger shows what is expected.") with { Status = status }),
    };

    private static ProblemView Of(ProblemType type, string detail) => new()
    {
        Type = "/problems/" + type.Name,
        Title = type.Title,
        Status = type.Status ?? StatusCodes.Status500InternalServerError,
        Detail = detail,
    };

    private static ProblemResponse Response(ProblemView problem, int? retryAfter = null) => new(problem, retryAfter);

    private static string At(Violation violation) => violation.Pointer.Length == 0 ? violation.Detail : $"{violation.Pointer}: {violation.Detail}";

    private static string Shown(string text) => text.Length <= Names.MaxLength ? text : text[..Names.MaxLength] + "…";
}

/// <summary>A problem document as a response.</summary>
internal sealed class ProblemResponse(ProblemView problem, int? retryAfter) : IResult
{
    public ProblemView Problem => problem;

    public int? RetryAfter => retryAfter;

    /// <summary>The same problem with its position in the body.</summary>
    public ProblemResponse At(string pointer) => With(one => one with { Errors = [new ErrorView(one.Detail, Pointer: pointer)] });

    /// <summary>The same problem with further members.</summary>
    public ProblemResponse With(Func<ProblemView, ProblemView> more) => new(more(problem), retryAfter);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (retryAfter is { } seconds)
            httpContext.Response.Headers.RetryAfter = seconds.ToString();
        if (problem.Status == StatusCodes.Status401Unauthorized)
            httpContext.Response.Headers.WWWAuthenticate = "Bearer";
        return new JsonResponse<ProblemView>(problem.Status, problem, Problems.ContentType).ExecuteAsync(httpContext);
    }
}
