namespace JobService.Api.Documentation;

/// <summary>The longer texts of the OpenAPI document.</summary>
internal static class Descriptions
{
    public static readonly IReadOnlyList<(string Name, string Description)> Tags =
    [
        ("Jobs", "A job is one call to an API, made when the limits of its queue allow it."),
        ("Batches", "Many jobs submitted together, and their results."),
        ("Events", "Events as they happen, as server-sent events."),
        ("Callbacks", "The deliveries of callbacks."),
        ("Queues", "A queue leads to one API: it has a target, limits and a retry policy."),
        ("Limits", "What an API allows: calls or tokens per period, or concurrent calls. Queues refer to them by name."),
        ("Signals", "Named events that jobs wait for."),
        ("Health", "Health checks for monitoring. No API key is needed."),
    ];

    public const string Service = """
        A durable, rate-limited job service: submit calls to an API as jobs, and each is made at the first moment the limits allow.

        * A job that was accepted with 202 is never lost.
        * Errors are problem documents (RFC 9457); each `type` is served under `/problems/{name}`.
        * Times are RFC 3339 in UTC; durations are numbers with the unit in the name; ids are UUIDv7.
        * Unknown fields, duplicate fields and unknown query parameters are refused. A null for an optional field, and a header without a value, count as left out; words such as `perKey` are case-insensitive.
        * Responses under `/v1` are JSON whatever `Accept` says, with these exceptions: the result of a job has its own content type; the results of a batch are JSON, NDJSON or server-sent events,
          as `Accept` chooses (406 if it allows none of them); `map` responds with NDJSON; the `events` streams are server-sent events.
        """;

    public const string Submit = """
        Accepts a job. The response comes after the commit: a job that was accepted with 202 is never lost.

        With `Prefer: wait=20` the response is held until the job ends: 200 with the finished job, or 202 when the time is up. Hanging up meanwhile
        cancels the job, unless an `Idempotency-Key` is given (the client may repeat the request) or `?onDisconnect=continue`.
        """;

    public const string SubmitBatch = """
        Accepts many jobs at once, whose results are read together.

        As JSON: at most 10 000 jobs, all of them or none. As NDJSON (`application/x-ndjson`): any number, one job per line, with the options in the query; they are accepted as
        fast as the queue has capacity: a full queue slows the upload down instead of refusing it. An invalid line ends the upload: the problem gives `batch`, `accepted` and
        `line`, and the batch holds the jobs before that line. A connection that breaks ends it too. A batch of which no job was accepted is `cancelled`.
        """;

    public const string BatchResults = """
        * `order=input` is gather: in the order of the jobs; one that has not ended delays the results after it.
        * `order=completion` is as_completed: each result once, as the jobs end.
        * `until` is wait's return_when.

        As JSON a page, held by `?wait=`. With `Accept: application/x-ndjson` or `text/event-stream` a stream that ends when `until` is reached, with
        `{"summary": …}` as its last line: a stream without it is incomplete. It can be resumed with `?after=` or `Last-Event-ID`, also after a restart of the service.
        While there are no results, a heartbeat is sent every 15 s: an event of this name, or a space in front of the next line.
        """;

    public const string Map = """
        Jobs in and results out on one connection, one per line, both at once: `cat jobs.ndjson | curl -sN -X POST -T . -H 'content-type: application/x-ndjson' …/map`.
        An invalid line ends the upload: `{"type": …, "line": …}` comes before the summary. Hanging up cancels the jobs that have not ended.
        While there are no results, a space is sent every 5 s.
        """;

    public const string Events = """
        A stream of server-sent events, one JSON object each: `{"type":"job","at":…,"id":…,"queue":…,"key":…,"state":…,"attempt":…,"reason":…}` when a job changes its state (`reason`: why it is
        queued again, was cancelled or has failed), `{"type":"queue","name":…,"change":…}` and the same of type `limit` and `signal` when one is `created`, `replaced`, `deleted`, `paused`, `resumed`, `set`,
        `cleared` or `lifted` (learned state cleared). Filters are combined: all of them must match.

        An event is sent at once. When there are more events than a stream can carry, they are sent in pages, and omitted events are reported as `{"type":"gap","missed":…}` (an upper bound; omitted when
        unknown): read the state again. With `Last-Event-ID` the stream resumes where it was interrupted, or begins with a gap. An idle stream sends `event: heartbeat`.
        """;

    public const string JobEvents = """
        A stream of server-sent events, as in `/v1/events`: first the current state of the job, then each change of it; the stream ends with the job. After a `gap` the current state is sent again.
        """;

    public const string GetLimit = """
        The limit, its current state, and what it has learned from responses of its API. Each key of a `perKey` limit has its own state: `?key=customer-7` reads it; without
        `key` the response shows the sum over all keys. The `ETag` is for `If-Match`.
        """;

    public const string LiftLimit = """
        Clears what was learned from responses of the API: a pause, a slower pace, the number of calls left. Effective at once, also for jobs that wait; what was taken stays
        taken. The same happens when the limit gets another `kind` or `scope`, or is deleted and created again. `?key=customer-7` clears it for one key of a `perKey` limit.
        """;

    public const string GetQueue = """
        The queue with the number of its jobs by state, its starts per second and, without limits, what it has learned from responses of its API (for one key with `?key=`). The `ETag` is for `If-Match`.
        """;

    public const string LiftQueue = """
        Clears what a queue without limits has learned from responses of its API. Effective at once, also for jobs that wait. `?key=customer-7` clears it for one key.
        For limits: `DELETE /v1/limits/{name}/learned`.
        """;

    public const string PutLimit = """
        Replaces the whole limit: fields left out get their defaults. Effective within a second, also for jobs that wait; what was taken stays taken as long as
        `kind` and `scope` are unchanged.

        * `rate`: `permits` calls per period, evenly spaced after a burst (GCRA). For most APIs.
        * `window`: never more than `permits` in any window of the period's length, wherever it begins. For APIs that count exactly, and for token budgets.
        * `concurrency`: `permits` calls at once.

        `counts` says what a job takes: its `weight` (default), 1 whatever its weight (`calls`), or the number under a name in its `weights` (any other word, such as `inputTokens`), so that one queue can
        have limits for calls per minute, tokens per minute and concurrent calls. When it changes, running calls are counted again in the new unit, and the used share of a period stays used.

        `scope` `perKey` gives each job key its own state. `weightFrom` names the number in a response that states what the call really cost.
        """;

    public const string PutQueue = """
        Replaces the whole queue: fields left out get their defaults. Effective within a second, also for jobs that wait. `If-Match` prevents overwriting another change.

        A header's value may name a secret of the configuration: `{"fromConfiguration": "GitHubToken"}` stands for `JobService:Secrets:GitHubToken`. Plain values
        of credentials are shown as `"***"`, which is refused as a value.

        429 and 529 mean "not now", and so does any 4xx or 503 that gives a time or an empty budget: the limits pause and no failure is counted. `throttledBy` lists further statuses with this
        meaning, such as `[503]` for stock nginx and ASP.NET Core.
        """;
}
