namespace JobService.Api.Documentation;

/// <summary>The longer texts of the OpenAPI document.</summary>
internal static class Descriptions
{
    public static readonly IReadOnlyList<(string Name, string Description)> Tags =
    [
        ("Jobs", "A job is one call to an API, made when the limits of its queue allow it."),
        ("Batches", "Many jobs that belong together, and their results."),
        ("Events", "Events as they happen, as server-sent events."),
        ("Callbacks", "The deliveries of callbacks."),
        ("Queues", "A queue leads to one API: it has a target, limits and a retry policy."),
        ("Limits", "What an API allows: calls or tokens per period, or concurrent calls. Queues refer to them by name."),
        ("Signals", "Named events that jobs wait for."),
        ("Health", "Health checks for monitoring. No API key is needed."),
    ];

    public const string Service = """
        A durable, rate-limited job service: post calls to an API as jobs, and each is made at the first moment the limits allow.

        * A job that was answered 202 is never lost.
        * Errors are problem documents (RFC 9457); each `type` is served under `/problems/{name}`.
        * Times are RFC 3339 in UTC; durations are numbers with the unit in the name; ids are UUIDv7.
        * Unknown fields, duplicate fields and unknown query parameters are refused. A null for an optional field, and a header without a value, count as left out; words as `perKey` are read without regard to case.
        * Answers are JSON whatever `Accept` says, except a job's result, which has its own content type.
        """;

    public const string Submit = """
        Takes a job in. The answer comes after the commit: a job that was answered 202 is never lost.

        With `Prefer: wait=20` the response is held until the job ends: 200 with the finished job, or 202 when the time runs out. A client that hangs up while
        it waits cancels the job, unless an `Idempotency-Key` is given (it has said that it will come again) or `?onDisconnect=continue`.
        """;

    public const string SubmitBatch = """
        Many jobs at once, whose results are read together.

        As JSON: at most 10 000 jobs, all of them or none. As NDJSON (`application/x-ndjson`), a job a line, the options in the query: as many as you like, taken in as
        fast as the queue takes them; a full queue slows the upload down instead of refusing it. A line that is wrong ends the upload: the problem names `batch`,
        `accepted` and `line`, and the batch holds what came before. So does a connection that is cut. A batch of which nothing was taken in is `cancelled`.
        """;

    public const string BatchResults = """
        * `order=input` is gather: in the order of the jobs; one that has not ended holds up those behind it.
        * `order=completion` is as_completed: each result once, as they end.
        * `until` is wait's return_when.

        As JSON a page, held by `?wait=`. With `Accept: application/x-ndjson` or `text/event-stream` a stream that ends when there is enough, with
        `{"summary": …}` as its last line: a stream without it was cut. It goes on with `?after=` or `Last-Event-ID`, also over a restart of the service.
        While there is nothing to say, a heartbeat tells after 15 s that the connection lives: an event of this name, or a space in front of the next line.
        """;

    public const string Map = """
        A job a line in, a result a line out, both at once: `cat jobs.ndjson | curl -sN -X POST -T . -H 'content-type: application/x-ndjson' …/map`.
        A line that is wrong ends the upload: `{"type": …, "line": …}` stands before the summary. Hanging up cancels what has not ended.
        """;

    public const string Events = """
        A stream of server-sent events, one JSON object each: `{"type":"job","at":…,"id":…,"queue":…,"key":…,"state":…,"attempt":…,"reason":…}` when a job changes its state (`reason`: why it is
        queued again, was cancelled or has failed), `{"type":"queue","name":…,"change":…}` and the same of type `limit` and `signal` when one is `created`, `replaced`, `deleted`, `paused`, `resumed`, `set`,
        `cleared` or `lifted` (what was learned). Filters are combined: all of them hold.

        An event is sent at once. When more happens than a stream can show, it is sent in pages, and what is left out is told as `{"type":"gap","missed":…}` (at most so many; without a number when nobody
        knows): read the state again. With `Last-Event-ID` the stream goes on where it was cut, or begins with a gap. A quiet stream sends `event: heartbeat`.
        """;

    public const string JobEvents = """
        A stream of server-sent events as of `/v1/events`: first how the job stands, then each change of its state; the answer ends with the job. After a `gap` comes again how it stands.
        """;

    public const string GetLimit = """
        Where the limit stands and what answers of its API have taught. Of a `perKey` limit each key has a state of its own: `?key=customer-7` shows it, and without
        `key` the answer shows the sum over all keys. The `ETag` is for `If-Match`.
        """;

    public const string LiftLimit = """
        Forgets what responses of the API have taught: a pause, a slower pace, the number of calls left. In force at once, also for jobs that wait; what the limit has handed out stays
        handed out. The same happens when the limit gets another `kind` or `scope`, or is deleted and made anew. Of a `perKey` limit `?key=customer-7` lifts it for one key.
        """;

    public const string GetQueue = """
        With the number of its jobs by state, its starts a second and, of a queue without limits, what responses of its API have taught (of one key with `?key=`). The `ETag` is for `If-Match`.
        """;

    public const string LiftQueue = """
        Forgets what responses of the API have taught about the keys of a queue without limits. In force at once, also for jobs that wait. What limits have learned is lifted there:
        `DELETE /v1/limits/{name}/learned`.
        """;

    public const string PutLimit = """
        Replaces the whole limit: what is left out has its default. Effective within a second, also for jobs that wait; what was taken stays taken as long as the
        kind stays.

        * `rate`: so many calls a period, evenly spaced after a burst (GCRA). For most APIs.
        * `window`: never more weight than `permits` in any window of the period's length, wherever it begins. For APIs that count exactly, and for token budgets.
        * `concurrency`: so many calls at once.

        `counts` says what a job takes: its `weight` (default), 1 whatever it weighs (`calls`), or what it gives under a name in `weights` (any other word, as `inputTokens`), so that calls a minute,
        tokens a minute and calls at once stand on one queue. When that changes, calls that run are counted anew, and of a period the share stays used that was used.

        `scope` `perKey` gives each job key a state of its own. `weightFrom` names the number in an answer that says what the call has really cost.
        """;

    public const string PutQueue = """
        Replaces the whole queue: what is left out has its default. Effective within a second, also for jobs that wait. `If-Match` makes sure that nobody else's change is overwritten.

        A header's value may name a secret of the configuration: `{"fromConfiguration": "GitHubToken"}` stands for `JobService:Secrets:GitHubToken`. Plain values
        of credentials are shown as `"***"`, which is refused as a value.

        429 and 529 mean "not now", and so does any 4xx, and a 503, that names a time or an empty budget: the limits pause and no failure is counted. `throttledBy` names the statuses that mean it at this
        API besides, as `[503]` for stock nginx and ASP.NET Core.
        """;
}
