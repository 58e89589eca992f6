using JobService.Jobs;

namespace JobService.Api;

/// <summary>A kind of problem. The names are part of the contract: clients switch on them, and each is served under <c>/problems/{name}</c>.</summary>
/// <param name="Name">Last part of the problem's <c>type</c>.</param>
/// <param name="Status">HTTP status; null for errors of jobs, which are no answers of this service.</param>
/// <param name="Title">One sentence, the same for every problem of the type.</param>
/// <param name="Meaning">When it happens and what to do.</param>
internal sealed record ProblemType(string Name, int? Status, string Title, string Meaning)
{
    public static readonly ProblemType Invalid = new("invalid-request", 400, "The request is wrong by itself.",
        "Something in the body, the query or the headers is not as documented; 'errors' says what and where. Correct it: the same request will be refused again.");

    public static readonly ProblemType Unauthorized = new("unauthorized", 401, "An API key is needed.",
        "This service asks for its API key. Send the header 'Authorization: Bearer <key>' with the key that the operator configured as JobService:ApiKey.");

    public static readonly ProblemType CrossSite = new("cross-site", 403, "A page of another site may change nothing here.",
        "A browser sent this for a page of another origin. If the page is yours, the operator names its origin in JobService:Cors:Origins; programs other than browsers are not concerned.");

    public static readonly ProblemType UnknownHost = new("unknown-host", 421, "Misdirected request",
        "Without an API key, a service on this machine accepts 'localhost', IP addresses and the names in JobService:AllowedHosts as Host: a web page could point a name of its own at it. Call it by one of these, have the "
        + "operator add the name, or set an API key.");

    public static readonly ProblemType TooManyWrongKeys = new("too-many-wrong-keys", 429, "Too many requests",
        "Many requests from this address came without the right API key. Correct the key; requests are looked at again after the seconds in 'Retry-After'.");

    public static readonly ProblemType NotFound = new("not-found", 404, "There is nothing here.",
        "The address names a resource that does not exist (any more). Finished jobs are deleted after the retention time.");

    public static readonly ProblemType MethodNotAllowed = new("method-not-allowed", 405, "This resource does not know the method.",
        "The header 'Allow' names the methods that it knows.");

    public static readonly ProblemType TooSlow = new("request-timeout", 408, "The request came too slowly.",
        "A body that has begun arrives with at least 240 bytes a second after its first five seconds. Nothing of it was taken in: send it again. An upload of a batch has no least pace, but may not stand still for five minutes; what came before is taken in.");

    public static readonly ProblemType NotAcceptable = new("not-acceptable", 406, "The answer does not come in that form.",
        "The header 'Accept' names no media type that this resource has. /swagger shows which it has.");

    public static readonly ProblemType JobFinished = new("job-finished", 409, "The job is over.",
        "A job that succeeded or failed cannot be cancelled. 'state' says how it ended.");

    public static readonly ProblemType NotRetryable = new("job-not-retryable", 409, "The job cannot be retried now.",
        "Only failed and cancelled jobs are retried by request, and only while their queue exists. 'state' says where the job stands.");

    public static readonly ProblemType NoResult = new("no-result", 409, "The job has no result.",
        "A result exists once the job succeeded. 'state' says where it stands; while it is queued or running, GET the job with ?wait=20 and come back.");

    public static readonly ProblemType InProgress = new("idempotency-in-progress", 409, "The same submission is being accepted.",
        "Another request with this Idempotency-Key has not been answered yet. Send the request again in a moment.");

    public static readonly ProblemType InUse = new("in-use", 409, "It is still in use.",
        "A queue with unfinished jobs, or a limit that a queue names, cannot be deleted. Finish or cancel the jobs, or take the limit out of the queues first.");

    public static readonly ProblemType Configured = new("configured", 409, "It stands in the configuration.",
        "What the service's configuration names cannot be deleted over the API. Take it out of the configuration and restart.");

    public static readonly ProblemType BatchFinished = new("batch-finished", 409, "The batch is over.",
        "All of its jobs have ended: nothing is left to cancel.");

    public static readonly ProblemType BatchStopped = new("batch-stopped", 409, "The batch has been cancelled.",
        "It was cancelled by request, or because one of its jobs failed and its onFailure is 'cancel'. 'accepted' says how many jobs of the upload were taken in; their results are those of the batch.");

    public static readonly ProblemType Outdated = new("precondition-failed", 412, "It has changed in the meantime.",
        "The ETag in If-Match is not the one in force. GET the resource, apply your change to it and send it with its new ETag.");

    public static readonly ProblemType TooLarge = new("payload-too-large", 413, "The body is too large.",
        "A body may be 1 MiB (1048576 bytes) at most. Put large data elsewhere and submit its address.");

    public static readonly ProblemType AddressTooLong = new("address-too-long", 414, "The address is too long.",
        "Path and query together may be 8192 bytes at most.");

    public static readonly ProblemType MediaType = new("unsupported-media-type", 415, "The body is not JSON.",
        "Send the body as JSON in UTF-8, uncompressed, with the header 'Content-Type: application/json'.");

    public static readonly ProblemType UnknownQueue = new("unknown-queue", 422, "There is no such queue.",
        "The job names a queue that does not exist. GET /v1/queues lists them; PUT /v1/queues/{name} makes one.");

    public static readonly ProblemType OverCapacity = new("over-capacity", 422, "The batch is larger than the queue.",
        "It has more jobs than its queue may ever hold at once. Raise the queue's capacity, or send the jobs as NDJSON, which goes in as fast as the queue takes it.");

    public static readonly ProblemType UnknownLimit = new("unknown-limit", 422, "There is no such limit.",
        "The queue names a limit that does not exist. GET /v1/limits lists them; PUT /v1/limits/{name} makes one. Make the limit first.");

    public static readonly ProblemType NeverFits = new("weight-never-fits", 422, "The job is too heavy.",
        "The job takes more of 'limit' than it can ever allow at once: 'maxWeight'. A limit that is to count calls, whatever they weigh, is PUT with \"counts\": \"calls\". Otherwise submit a "
        + "lighter job, or raise the limit's burst (rate) or permits (window, concurrency). Token budgets use a window limit: it takes any weight up to its permits.");

    public static readonly ProblemType RequestNotAllowed = new("request-not-allowed", 422, "The queue takes no request.",
        "A job may carry a request only when its queue calls an http target. Leave the request out and give a payload, or choose another queue.");

    public static readonly ProblemType Mismatched = new("idempotency-mismatch", 422, "The Idempotency-Key belongs to another body.",
        "A job was submitted with this key and a different body. Use a new key for a new job, and send the same bytes when repeating one.");

    public static readonly ProblemType QueueFull = new("queue-full", 429, "The service is full.",
        "The queue, or the service, holds as much as it takes. Come back after the seconds in 'Retry-After'.");

    public static readonly ProblemType HeadersTooLarge = new("headers-too-large", 431, "The headers are too large.",
        "At most 64 header fields with 16384 bytes together are taken.");

    public static readonly ProblemType Internal = new("internal-error", 500, "The service has failed.",
        "This is a defect of the service. Its log tells more under the same moment.");

    public static readonly ProblemType Draining = new("draining", 503, "The service is shutting down.",
        "It takes nothing new in. Come back after the seconds in 'Retry-After'; what was accepted before is kept.");

    public static readonly ProblemType StorageUnavailable = new("storage-unavailable", 503, "The storage cannot be written.",
        "Nothing of the request was done. Send it again after the seconds in 'Retry-After'; the operator finds the cause in the log (a full disk, as a rule).");

    public static readonly ProblemType ResponsesFull = new("responses-full", 503, "The service is full.",
        "It holds as many bytes of responses as it may, and its clients take them slowly. Come back after the seconds in 'Retry-After', or ask for a stream.");

    /// <summary>Every type there is, by name.</summary>
    public static IReadOnlyDictionary<string, ProblemType> All { get; } = new[]
    {
        Invalid, Unauthorized, UnknownHost, CrossSite, NotFound, MethodNotAllowed, NotAcceptable, TooSlow, JobFinished, NotRetryable, NoResult, InProgress, InUse, Configured, BatchFinished, BatchStopped, Outdated, TooLarge,
        AddressTooLong, MediaType, UnknownQueue, OverCapacity, UnknownLimit, NeverFits, RequestNotAllowed, Mismatched, QueueFull, TooManyWrongKeys, HeadersTooLarge, Internal,
        Draining, StorageUnavailable, ResponsesFull,
    }.Concat(ErrorTypes.All.Select(error => new ProblemType(error.Name, null, error.Title, error.Meaning))).ToDictionary(type => type.Name);
}
