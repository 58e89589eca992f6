using JobService.Jobs;

namespace JobService.Api;

/// <summary>A kind of problem. The names are part of the contract: clients switch on them, and each is served under <c>/problems/{name}</c>.</summary>
/// <param name="Name">Last part of the problem's <c>type</c>.</param>
/// <param name="Status">HTTP status; null for errors of jobs, which are not responses of this service.</param>
/// <param name="Title">A short phrase without a full stop, the same for every problem of the type; HTTP's own where it has one.</param>
/// <param name="Meaning">When it happens and what to do.</param>
internal sealed record ProblemType(string Name, int? Status, string Title, string Meaning)
{
    public static readonly ProblemType Invalid = new("invalid-request", 400, "Invalid request",
        "Something in the body, the query or the headers is not as documented; 'errors' says what and where. Correct the request: sent again unchanged, it is refused again.");

    public static readonly ProblemType Unauthorized = new("unauthorized", 401, "API key required",
        "This service requires its API key. Send the header 'Authorization: Bearer <key>' with the key that the operator configured as JobService:ApiKey.");

    public static readonly ProblemType CrossSite = new("cross-site", 403, "Cross-site request refused",
        "A browser sent this for a page of another origin. If the page is yours, have the operator add its origin to JobService:Cors:Origins. Programs other than browsers are not affected.");

    public static readonly ProblemType UnknownHost = new("unknown-host", 421, "Misdirected request",
        "Without an API key, a service on this machine accepts 'localhost', IP addresses and the names in JobService:AllowedHosts as Host: a web page could point a name of its own at it. Call it by one of these, have the "
        + "operator add the name, or set an API key.");

    public static readonly ProblemType TooManyWrongKeys = new("too-many-wrong-keys", 429, "Too many requests",
        "Many requests from this address came without the right API key. Correct the key. The service accepts requests from this address again after the seconds in 'Retry-After'.");

    public static readonly ProblemType NotFound = new("not-found", 404, "Resource not found",
        "The address names a resource that does not exist (any more). Finished jobs are deleted after the retention time.");

    public static readonly ProblemType MethodNotAllowed = new("method-not-allowed", 405, "Method not allowed",
        "The header 'Allow' lists the methods of this resource.");

    public static readonly ProblemType TooSlow = new("request-timeout", 408, "Request timeout",
        "After its first five seconds, a body must arrive at 240 bytes a second or more. Nothing of it was accepted: send it again. An upload of a batch has no minimum rate, but may not be idle for five minutes; jobs that arrived before are accepted.");

    public static readonly ProblemType NotAcceptable = new("not-acceptable", 406, "Not acceptable",
        "The header 'Accept' names no media type that this resource offers. /swagger lists those it offers.");

    public static readonly ProblemType JobFinished = new("job-finished", 409, "Job already finished",
        "A job that succeeded or failed cannot be cancelled. 'state' says how it ended.");

    public static readonly ProblemType NotRetryable = new("job-not-retryable", 409, "Job not retryable",
        "Only failed and cancelled jobs are retried by request, and only while their queue exists. 'state' is the job's state.");

    public static readonly ProblemType NoResult = new("no-result", 409, "Job has no result",
        "A result exists once the job has succeeded. 'state' is the job's state; while it is queued or running, GET the job with ?wait=20 and try again.");

    public static readonly ProblemType InProgress = new("idempotency-in-progress", 409, "Idempotency-Key in progress",
        "Another request with this Idempotency-Key is still being processed. Send the request again in a moment.");

    public static readonly ProblemType InUse = new("in-use", 409, "Resource in use",
        "A queue with unfinished jobs, or a limit that a queue names, cannot be deleted. Finish or cancel the jobs, or take the limit out of the queues first.");

    public static readonly ProblemType Configured = new("configured", 409, "Defined by the configuration",
        "Queues and limits that the service's configuration defines cannot be deleted over the API. Remove them from the configuration and restart.");

    public static readonly ProblemType BatchFinished = new("batch-finished", 409, "Batch already finished",
        "All of its jobs have ended: nothing is left to cancel.");

    public static readonly ProblemType BatchStopped = new("batch-stopped", 409, "Batch cancelled",
        "It was cancelled by request, or because one of its jobs failed and its onFailure is 'cancel'. 'accepted' says how many jobs of the upload were accepted; their results are those of the batch.");

    public static readonly ProblemType Outdated = new("precondition-failed", 412, "Precondition failed",
        "The ETag in If-Match is not the current one. GET the resource, apply your change to it and send it with its new ETag.");

    public static readonly ProblemType TooLarge = new("payload-too-large", 413, "Request body too large",
        "A job has at most 1 MiB (1048576 bytes), the jobs of one batch document at most 32 MiB. Put large data elsewhere and submit its address.");

    public static readonly ProblemType AddressTooLong = new("address-too-long", 414, "URI too long",
        "Path and query together may be 8192 bytes at most.");

    public static readonly ProblemType MediaType = new("unsupported-media-type", 415, "Unsupported media type",
        "Send the body as JSON in UTF-8, uncompressed, with the header 'Content-Type: application/json'; many jobs also one per line, with 'Content-Type: application/x-ndjson'. 'detail' says what this resource accepts.");

    public static readonly ProblemType UnknownQueue = new("unknown-queue", 422, "Unknown queue",
        "The job names a queue that does not exist. GET /v1/queues lists them; PUT /v1/queues/{name} creates one.");

    public static readonly ProblemType OverCapacity = new("over-capacity", 422, "Batch exceeds the queue's capacity",
        "It has more jobs than its queue may ever hold at once. Raise the queue's capacity, or send the jobs as NDJSON: such an upload is accepted as fast as the queue has capacity.");

    public static readonly ProblemType UnknownLimit = new("unknown-limit", 422, "Unknown limit",
        "The queue names a limit that does not exist. GET /v1/limits lists them; PUT /v1/limits/{name} creates one. Create the limit first.");

    public static readonly ProblemType NeverFits = new("weight-never-fits", 422, "Weight exceeds the limit",
        "The job takes more of 'limit' than it can ever allow at once: 'maxWeight'. A limit that is to count calls, whatever they weigh, is PUT with \"counts\": \"calls\". Otherwise submit a "
        + "lighter job, or raise the limit's burst (rate) or permits (window, concurrency). Token budgets use a window limit: it takes any weight up to its permits.");

    public static readonly ProblemType RequestNotAllowed = new("request-not-allowed", 422, "Request not allowed by the queue",
        "A job may carry a request only when its queue calls an http target. Leave the request out and give a payload, or choose another queue.");

    public static readonly ProblemType Mismatched = new("idempotency-mismatch", 422, "Idempotency-Key reused with another body",
        "A job was submitted with this key and a different body. Use a new key for a new job, and send the same bytes when repeating one.");

    public static readonly ProblemType QueueFull = new("queue-full", 429, "Queue full",
        "The queue, or the service as a whole, is at capacity. Try again after the seconds in 'Retry-After'.");

    public static readonly ProblemType HeadersTooLarge = new("headers-too-large", 431, "Request headers too large",
        "At most 64 header fields of 16384 bytes together are accepted.");

    public static readonly ProblemType Internal = new("internal-error", 500, "Internal error",
        "This is a defect of the service. Its log says more at the same time.");

    public static readonly ProblemType Draining = new("draining", 503, "Service shutting down",
        "It accepts no new work. Try again after the seconds in 'Retry-After'; what was accepted before is kept.");

    public static readonly ProblemType StorageUnavailable = new("storage-unavailable", 503, "Storage unavailable",
        "Nothing of the request was done. Send it again after the seconds in 'Retry-After'; the operator finds the cause in the log (usually a full disk).");

    public static readonly ProblemType ResponsesFull = new("responses-full", 503, "Too many responses in progress",
        "Responses that clients are still reading take all the memory that is set aside for them. Try again after the seconds in 'Retry-After', or ask for a stream.");

    /// <summary>Every type there is, by name.</summary>
    public static IReadOnlyDictionary<string, ProblemType> All { get; } = new[]
    {
        Invalid, Unauthorized, UnknownHost, CrossSite, NotFound, MethodNotAllowed, NotAcceptable, TooSlow, JobFinished, NotRetryable, NoResult, InProgress, InUse, Configured, BatchFinished, BatchStopped, Outdated, TooLarge,
        AddressTooLong, MediaType, UnknownQueue, OverCapacity, UnknownLimit, NeverFits, RequestNotAllowed, Mismatched, QueueFull, TooManyWrongKeys, HeadersTooLarge, Internal,
        Draining, StorageUnavailable, ResponsesFull,
    }.Concat(ErrorTypes.All.Select(error => new ProblemType(error.Name, null, error.Title, error.Meaning))).ToDictionary(type => type.Name);
}
