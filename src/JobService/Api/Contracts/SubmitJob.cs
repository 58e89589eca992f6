using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using JobService.Jobs;

namespace JobService.Api.Contracts;

/// <summary>A job: one call to the queue's API, with the data that it needs. At least one of <c>payload</c> and <c>request</c> is required.</summary>
public sealed class SubmitJob
{
    private const double YearsAhead = 10 * 365 * 86_400d;

    private string? queue;

    /// <summary>Name of the queue. Default: <c>default</c>; in a batch, the batch's.</summary>
    public string Queue
    {
        get => queue ?? "default";
        set => queue = value;
    }

    /// <summary>Any JSON; the body of the call unless the request has another. Passed on byte for byte. Together with a <c>request</c>, a null counts as left out; without one it is the payload.</summary>
    public JsonElement Payload { get; set; }

    /// <summary>How the call differs from a POST of the payload to the base address. Only for queues whose target is <c>http</c>.</summary>
    public SubmitRequest? Request { get; set; }

    /// <summary>The job's partition, such as a customer or an account: keys share the queue fairly. At most 256 characters. Default: the empty key.</summary>
    public string Key { get; set; } = "";

    /// <summary>What the job takes of each limit that counts weight. Default 1, at least 1; refused with 422 when a limit of the queue can never allow it.</summary>
    public int Weight { get; set; } = 1;

    /// <summary>
    /// What the job takes of limits that count anything but weight and calls, by the name that they count, such as <c>{"inputTokens": 3000, "outputTokens": 1000}</c>.
    /// At most 16 names of <c>[A-Za-z0-9._-]{1,64}</c>, not <c>weight</c> or <c>calls</c>; each value at least 1. Default: the job's <c>weight</c> for every such limit.
    /// </summary>
    public IReadOnlyDictionary<string, int>? Weights { get; set; }

    /// <summary>Higher goes first, only within the key of the queue: between keys the queue's <c>keyShares</c> decide, between queues their <c>share</c>. Default 0, from -100 to 100.</summary>
    public int Priority { get; set; }

    /// <summary>The name of a lock: at most one job in the whole service holds it, from its start to the end of its processing; the others wait in the lock's
    /// wait queue and do not block other jobs of their key. 1 to 256 characters. Default: no lock.</summary>
    public string? Lock { get; set; }

    /// <summary>What has to happen before the job may start. Default: nothing.</summary>
    public SubmitWait? WaitFor { get; set; }

    /// <summary>The call does not start before this time (RFC 3339), by the clock of the service's machine. Not together with <c>delaySeconds</c>.</summary>
    public DateTimeOffset? NotBefore { get; set; }

    /// <summary>The call does not start before this many seconds from now. From 0 to 315 360 000 (ten years).</summary>
    public double? DelaySeconds { get; set; }

    /// <summary>If the call has not started by then (RFC 3339), by the clock of the service's machine, the job is cancelled with the reason <c>deadline</c>.</summary>
    public DateTimeOffset? StartBefore { get; set; }

    /// <summary>Timeout of one attempt, call and processing together, in seconds. Default: the queue's. Above 0, at most 86400.</summary>
    public double? TimeoutSeconds { get; set; }

    /// <summary>Failures after which the job is <c>failed</c>. Default: the queue's. From 1 to 100.</summary>
    public int? MaxAttempts { get; set; }

    /// <summary>Up to 32 names and values to find the job by: <c>?tag=name:value</c>. Names are <c>[A-Za-z0-9._-]{1,64}</c>, values at most 256 characters.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; set; }

    /// <summary>Who is notified when the job is over. Default: nobody.</summary>
    public SubmitCallback? Callback { get; set; }

    internal bool NamesQueue => queue is not null;

    /// <summary>The payload's bytes, set instead of <see cref="Payload"/> by <see cref="PlainJob"/>.</summary>
    internal byte[]? PlainPayload { get; init; }

    internal bool HasPayload => PlainPayload is not null || (Payload.ValueKind != JsonValueKind.Undefined && (Payload.ValueKind != JsonValueKind.Null || Request is null));

    internal IEnumerable<Violation> Check()
    {
        if (!Names.IsName(Queue))
            yield return new Violation("/queue", $"A queue's name: {Names.Wanted}.");
        if (!HasPayload && Request is null)
            yield return new Violation("/payload", "Give a payload, a request, or both.");
        if (!Names.IsText(Key))
            yield return new Violation("/key", "At most 256 characters, none of them a control character.");
        if (Weight < 1)
            yield return new Violation("/weight", "A whole number, at least 1.");
        foreach (var violation in WeightRules.Check(Weights))
            yield return violation;
        if (Priority is < -100 or > 100)
            yield return new Violation("/priority", "From -100 to 100.");
        if (Lock is not null && (Lock.Length == 0 || !Names.IsText(Lock)))
            yield return new Violation("/lock", "1 to 256 characters, none of them a control character.");
        if (WaitFor is not null && !Names.IsName(WaitFor.Signal))
            yield return new Violation("/waitFor/signal", $"A signal's name: {Names.Wanted}.");
        if (DelaySeconds is not (null or (>= 0 and <= YearsAhead)))
            yield return new Violation("/delaySeconds", "From 0 to 315360000 (ten years).");
        if (DelaySeconds is not null && NotBefore is not null)
            yield return new Violation("/delaySeconds", "Give either delaySeconds or notBefore.");
        if (TimeoutSeconds is not (null or (> 0 and <= 86_400)))
            yield return new Violation("/timeoutSeconds", "Above 0, at most 86400.");
        if (MaxAttempts is < 1 or > 100)
            yield return new Violation("/maxAttempts", "From 1 to 100.");

        if (Tags is not null)
        {
            foreach (var violation in TagRules.Check(Tags, "/tags"))
                yield return violation;
        }

        foreach (var violation in Callback?.Check("/callback") ?? [])
            yield return violation;

        if (Request is not null)
        {
            foreach (var violation in Request.Check("/request"))
                yield return violation;
        }
    }

    internal NewJob ToNewJob(JobId id, DateTimeOffset now, IdempotencyKey? idempotency = null, BatchPlace? batch = null) => new()
    {
        Id = id,
        Queue = Queue,
        Key = Key,
        Weight = Weight,
        Weights = Weights is { Count: > 0 } ? Weights : null,
        Priority = Priority,
        Lock = Lock,
        Signal = WaitFor?.Signal,
        // Copied: when the client hangs up, the request's buffers return to Kestrel before the job leaves the channel.
        Payload = PlainPayload ?? (HasPayload ? JsonMarshal.GetRawUtf8Value(Payload).ToArray() : null),
        Request = Request?.ToApiRequest(),
        NotBefore = DelaySeconds > 0 ? now.AddSeconds(DelaySeconds.Value) : NotBefore,
        IsDelay = DelaySeconds > 0,
        StartBefore = StartBefore,
        Timeout = TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        MaxAttempts = MaxAttempts,
        Tags = Tags is { Count: > 0 } ? Tags : null,
        Idempotency = idempotency,
        Batch = batch,
        Callback = Callback?.ToCallback(),
    };
}

/// <summary>What has to happen before a job may start.</summary>
public sealed class SubmitWait
{
    /// <summary>The job waits until the signal of this name is set (<c>PUT /v1/signals/{name}</c>), and does not wait if it is set already. Required.</summary>
    public string Signal { get; set; } = "";
}

/// <summary>How the call of one job differs from a plain POST of its payload to the queue's base address.</summary>
public sealed class SubmitRequest
{
    private const string OneBody = "Give one of body, bodyText and bodyBase64.";

    /// <summary>HTTP method. Default: POST. Not CONNECT or TRACE.</summary>
    public string Method { get; set; } = "POST";

    /// <summary>Appended to the base address. Starts with one <c>/</c>; no <c>?</c>, <c>#</c>, backslash or <c>..</c>. Default: nothing is appended.</summary>
    public string? Path { get; set; }

    /// <summary>Query parameters, escaped by the service and sent in the order given: a value, or an array of values for a name that occurs several times. At most 100 values.</summary>
    public IReadOnlyDictionary<string, QueryValue>? Query { get; set; }

    /// <summary>Header fields: a token as the name, visible ASCII as the value. Headers that control message framing or routing are not allowed. At most 100.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; set; }

    /// <summary>The body as JSON, sent byte for byte as written here. Default: the payload; GET, HEAD and DELETE send an empty body unless one is given.</summary>
    public JsonElement? Body { get; set; }

    /// <summary>The body as text, sent in UTF-8: a form, XML, CSV. The header <c>content-type</c> says what it is; without it, <c>text/plain; charset=utf-8</c>. Instead of <c>body</c>.</summary>
    public string? BodyText { get; set; }

    /// <summary>The body as bytes in base64. The header <c>content-type</c> says what they are; without it, <c>application/octet-stream</c>. Instead of <c>body</c>.</summary>
    public byte[]? BodyBase64 { get; set; }

    internal IEnumerable<Violation> Check(string at)
    {
        if (BodyText is not null && Body is not null)
            yield return new Violation($"{at}/bodyText", OneBody);
        if (BodyBase64 is not null && (Body is not null || BodyText is not null))
            yield return new Violation($"{at}/bodyBase64", OneBody);
        foreach (var violation in RequestRules.Check(WithoutBody(), at))
            yield return violation;
    }

    internal ApiRequest ToApiRequest() => this switch
    {
        { Body: { } json } => WithoutBody() with { Body = JsonMarshal.GetRawUtf8Value(json).ToArray() },
        { BodyText: { } text } => WithoutBody() with { Body = Encoding.UTF8.GetBytes(text), BodyType = "text/plain; charset=utf-8" },
        { BodyBase64: { } bytes } => WithoutBody() with { Body = bytes, BodyType = "application/octet-stream" },
        _ => WithoutBody(),
    };

    private ApiRequest WithoutBody() => new() { Method = Method, Path = Path, Query = Query, Headers = Headers };
}
