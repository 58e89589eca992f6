using JobService.Jobs;

namespace JobService.Api.Contracts;

/// <summary>The current state of a job. Fields that do not apply are left out.</summary>
public sealed record JobView : ILinked<JobView>
{
    /// <summary>A UUIDv7; its order is the order of acceptance.</summary>
    public required Guid Id { get; init; }

    /// <summary>The queue it belongs to.</summary>
    public required string Queue { get; init; }

    /// <summary><c>queued</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c> or <c>cancelled</c>. Waiting for anything is <c>queued</c> with a reason.</summary>
    public required JobState State { get; init; }

    /// <summary>The job's partition.</summary>
    public required string Key { get; init; }

    /// <summary>Higher goes first within the key of the queue.</summary>
    public required int Priority { get; init; }

    /// <summary>What the job takes of each limit that counts weight.</summary>
    public required int Weight { get; init; }

    /// <summary>What it takes of limits that count something else, by name; left out when the job gives no such weights.</summary>
    public IReadOnlyDictionary<string, int>? Weights { get; init; }

    /// <summary>The name of a lock: at most one job in the whole service holds it at a time.</summary>
    public string? Lock { get; init; }

    /// <summary>Attempts that reached the send, the running one included.</summary>
    public required int Attempt { get; init; }

    /// <summary>Attempts that count against <c>maxAttempts</c>.</summary>
    public required int Failures { get; init; }

    /// <summary>Failures after which the job is <c>failed</c>.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>When the job was accepted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The call does not start before this time.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Start of the latest attempt.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the job reached its terminal state.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The tags as submitted.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Its place in a batch.</summary>
    public BatchPlaceView? Batch { get; init; }

    /// <summary>Who is notified when the job is over; <c>links.deliveries</c> shows the deliveries.</summary>
    public CallbackView? Callback { get; init; }

    /// <summary>Why and until when a queued job waits.</summary>
    public WaitingView? Waiting { get; init; }

    /// <summary>Why a job was cancelled: <c>request</c>, <c>disconnect</c>, <c>deadline</c>, <c>purge</c> or <c>batch</c>; <c>dependency</c> is reserved.</summary>
    public CancelReason? CancelReason { get; init; }

    /// <summary>The response body after processing: JSON as it is, text as a string, anything else as <c>{"base64": "…"}</c>; beyond 64 KiB, or 32 levels of JSON, only <c>links.result</c>.</summary>
    public RawJson? Result { get; init; }

    /// <summary>Status, content type and kept headers of the response behind the result.</summary>
    public ResponseView? Response { get; init; }

    /// <summary>Why the job failed, or its last attempt did.</summary>
    public JobErrorView? Error { get; init; }

    /// <summary>Every attempt that reached the send, oldest first. Lists leave it out.</summary>
    public IReadOnlyList<AttemptView>? Attempts { get; init; }

    /// <summary>Where to go from here.</summary>
    public required JobLinks Links { get; init; }

    internal bool IsFinished => State.IsFinished();

    JobView ILinked<JobView>.Under(string pathBase) => this with { Links = Links.Under(pathBase) };

    internal static JobView Of(Job job) => new()
    {
        Id = job.Id.Value,
        Queue = job.Queue,
        State = job.State,
        Key = job.Key,
        Priority = job.Priority,
        Weight = job.Weight,
        Weights = job.Weights,
        Lock = job.Lock,
        Attempt = job.Attempt,
        Failures = job.Failures,
        MaxAttempts = job.MaxAttempts,
        CreatedAt = job.CreatedAt,
        NotBefore = job.NotBefore,
        StartedAt = job.StartedAt,
        FinishedAt = job.FinishedAt,
        Tags = job.Tags,
        Batch = job.Batch is var (batch, index) ? new BatchPlaceView(batch.Value, index) : null,
        Callback = job.CallbackUrl is { } url ? new CallbackView(url) : null,
        Waiting = job.Waiting is { } waiting ? new WaitingView(waiting.Reason, waiting.Limit, waiting.Until, waiting.Position) : null,
        CancelReason = job.CancelReason,
        Result = ResultJson.Of(job.Result),
        Response = ResponseView.Of(job),
        Error = job.Error is { } error ? new JobErrorView(error.Type, error.Title, error.Status, error.Detail) : null,
        Attempts = job.Attempts?.Select(a => new AttemptView(a.Number, a.StartedAt, a.EndedAt, a.Status, a.Outcome)).ToArray(),
        Links = JobLinks.Of(job),
    };
}

/// <summary>A job's place in a batch.</summary>
/// <param name="Id">The batch.</param>
/// <param name="Index">From 0, in the order of submission.</param>
public sealed record BatchPlaceView(Guid Id, int Index);

/// <summary>Why a queued job waits.</summary>
/// <param name="Reason"><c>turn</c>, <c>time</c>, <c>limit</c>, <c>concurrency</c>, <c>lock</c>, <c>signal</c>, <c>retry</c> or <c>paused</c>; <c>dependency</c> is reserved.</param>
/// <param name="Limit">The limit it waits for.</param>
/// <param name="Until">The moment it may start; left out when that depends on other jobs' ends.</param>
/// <param name="Position">Position within its key, or in the wait queue of its lock; 1 is next; counted up to 1000.</param>
public sealed record WaitingView(WaitReason Reason, string? Limit, DateTimeOffset? Until, int? Position);

/// <summary>The API's response behind the result, or, where the queue keeps headers, behind the error.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Media type; left out when the API sent none.</param>
/// <param name="Headers">The headers that the queue's <c>keepHeaders</c> names, as far as the API sent them; several values of one header are joined by commas.</param>
public sealed record ResponseView(int Status, string? ContentType, IReadOnlyDictionary<string, string>? Headers)
{
    internal static ResponseView Of(JobResult result) => new(result.Status, result.ContentType, result.Headers);

    /// <summary>For a failed job only if headers were kept: its status and body are in the error.</summary>
    internal static ResponseView? Of(Job job) => job switch
    {
        { Result: { } result } => Of(result),
        { Error: { Status: { } status, Headers: { } headers } } => new ResponseView(status, ContentType: null, headers),
        _ => null,
    };
}

/// <summary>How an attempt failed.</summary>
/// <param name="Type">Stable name, described under <c>/problems/{type}</c>.</param>
/// <param name="Title">The same for every error of the type.</param>
/// <param name="Status">HTTP status of the API's response, if there was one.</param>
/// <param name="Detail">What happened; up to 4 KiB of the API's response.</param>
public sealed record JobErrorView(string Type, string Title, int? Status, string? Detail);

/// <summary>One attempt that reached the send.</summary>
/// <param name="Number">From 1.</param>
/// <param name="StartedAt">Moment of the send.</param>
/// <param name="EndedAt">Left out while it runs.</param>
/// <param name="Status">HTTP status of the response, if there was one.</param>
/// <param name="Outcome">How it ended, in one word.</param>
public sealed record AttemptView(int Number, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, int? Status, string? Outcome);

/// <summary>The links of a job; those that its state does not allow are left out.</summary>
/// <param name="Self">The job.</param>
/// <param name="Result">Its result as raw bytes.</param>
/// <param name="Cancel">POST cancels it.</param>
/// <param name="Retry">POST puts it back to <c>queued</c>.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="Deliveries">The deliveries of its callback.</param>
public sealed record JobLinks(string Self, string? Result, string? Cancel, string? Retry, string Queue, string? Deliveries)
{
    internal static JobLinks Of(Job job)
    {
        var self = $"/v1/jobs/{job.Id}";
        return new JobLinks(
            self,
            job.State == JobState.Succeeded ? self + "/result" : null,
            job.State.IsFinished() ? null : self + "/cancel",
            job.State.IsRetryable() ? self + "/retry" : null,
            $"/v1/queues/{job.Queue}",
            job.CallbackUrl is null ? null : self + "/deliveries");
    }

    internal JobLinks Under(string pathBase) =>
        new(pathBase + Self, Result.Under(pathBase), Cancel.Under(pathBase), Retry.Under(pathBase), pathBase + Queue, Deliveries.Under(pathBase));
}

/// <summary>A page of jobs, newest first.</summary>
/// <param name="Items">The jobs, without results and attempts.</param>
/// <param name="NextCursor">Pass it as <c>?cursor=</c> to get the next page; left out on the last.</param>
public sealed record JobList(IReadOnlyList<JobView> Items, string? NextCursor);
