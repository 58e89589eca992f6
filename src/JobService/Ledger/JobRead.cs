using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>The rows of a job as read, and the one place where <see cref="Job"/> is created: the submitted fields are required, so that neither path can leave one out.</summary>
internal sealed class JobRead
{
    public long Stamp { get; init; }

    public long Salt { get; init; }

    public string Queue { get; init; } = "";

    public JobState State { get; init; }

    public string Key { get; init; } = "";

    public int Priority { get; init; }

    public int Weight { get; init; }

    public string? Weights { get; init; }

    public string? Lock { get; init; }

    public int Attempt { get; init; }

    public int Failures { get; init; }

    public int? MaxAttempts { get; init; }

    public long CreatedAt { get; init; }

    public long? NotBefore { get; init; }

    public long? StartBefore { get; init; }

    public long? StartedAt { get; init; }

    public long? FinishedAt { get; init; }

    public long? DueAt { get; init; }

    public long? Parked { get; init; }

    public CancelReason? CancelReason { get; init; }

    public long? BatchStamp { get; init; }

    public long? BatchSalt { get; init; }

    public int BatchIndex { get; init; }

    public string? Tags { get; init; }

    public string? CallbackUrl { get; init; }

    public string? ErrorType { get; init; }

    public int? ErrorStatus { get; init; }

    public string? ErrorDetail { get; init; }

    public string? ErrorHeaders { get; init; }

    public int? ResultStatus { get; init; }

    public string? ContentType { get; init; }

    public string? ResponseHeaders { get; init; }

    public long Length { get; init; }

    public byte[]? Body { get; init; }

    public int? Position { get; set; }

    /// <summary>The jobs that go before it in its lane; known if <see cref="Position"/> is known.</summary>
    public JobsAhead? Ahead { get; set; }

    public IReadOnlyDictionary<string, int>? WeightsByName => Weights is null ? null : ColumnJson.ReadWeights(Weights);

    /// <summary>What is needed to explain why it waits, when it is queued.</summary>
    public WaitingJob AsWaiting => new(Queue, Key, Weight, WeightsByName, Failures, DueAt, Parked, Position, Ahead);

    /// <summary>The job that was just added, without a read.</summary>
    /// <param name="job">As it was submitted.</param>
    /// <param name="retry">Its queue's policy, for fields that the job does not set.</param>
    /// <param name="createdAt">The moment of the turn.</param>
    /// <param name="waiting">Why it waits.</param>
    public static Job New(NewJob job, RetryPolicy retry, DateTimeOffset createdAt, Waiting? waiting) => new()
    {
        Id = job.Id,
        Queue = job.Queue,
        State = JobState.Queued,
        Key = job.Key,
        Priority = job.Priority,
        Weight = job.Weight,
        Weights = job.Weights,
        Lock = job.Lock,
        MaxAttempts = job.MaxAttempts ?? retry.MaxAttempts,
        CreatedAt = createdAt,
        NotBefore = job.NotBefore,
        StartBefore = job.StartBefore,
        Tags = job.Tags,
        Batch = job.Batch,
        CallbackUrl = job.Callback?.Url,
        Waiting = waiting,
        Attempts = [],
    };

    /// <param name="catalog">For fields that the job leaves to its queue.</param>
    /// <param name="waiting">Why it waits, when it is queued.</param>
    /// <param name="attempts">Attempts that did not succeed; null in lists.</param>
    public Job ToJob(Catalog catalog, Waiting? waiting, IReadOnlyList<AttemptRead>? attempts) => new()
    {
        Id = JobId.FromParts(Stamp, Salt),
        Queue = Queue,
        State = State,
        Key = Key,
        Priority = Priority,
        Weight = Weight,
        Weights = WeightsByName,
        Lock = Lock,
        Attempt = Attempt,
        Failures = Failures,
        MaxAttempts = MaxAttempts ?? (catalog.Queues.GetValueOrDefault(Queue)?.Definition.Retry ?? new RetryPolicy()).MaxAttempts,
        CreatedAt = Time(CreatedAt)!.Value,
        NotBefore = Time(NotBefore),
        StartBefore = Time(StartBefore),
        StartedAt = Attempt > 0 ? Time(StartedAt) : null,
        FinishedAt = Time(FinishedAt),
        Tags = Tags is null ? null : ColumnJson.ReadTexts(Tags),
        Batch = BatchStamp is { } batch && BatchSalt is { } salt ? new BatchPlace(JobId.FromParts(batch, salt), BatchIndex) : null,
        CallbackUrl = CallbackUrl,
        Waiting = waiting,
        CancelReason = State == JobState.Cancelled ? CancelReason : null,
        Stopping = State == JobState.Running && CancelReason is not null,
        Result = State == JobState.Succeeded && ResultStatus is { } status ? new JobResult(status, ContentType, Body is null ? default(ReadOnlyMemory<byte>?) : Body, Length) { Headers = HeadersOf(ResponseHeaders) } : null,
        Error = State != JobState.Succeeded && ErrorType is not null ? new JobError(ErrorType, ErrorStatus, ErrorDetail) { Headers = HeadersOf(ErrorHeaders) } : null,
        Attempts = attempts is null ? null : [.. attempts.Select(attempt => attempt.ToAttempt()), .. OwnAttempt()],
    };

    /// <summary>The attempt stored in the job's own row: the one that runs or that succeeded.</summary>
    private IEnumerable<Attempt> OwnAttempt()
    {
        if (State is JobState.Running or JobState.Succeeded && Time(StartedAt) is { } startedAt)
            yield return new Attempt(Attempt, startedAt, Time(FinishedAt), ResultStatus, State == JobState.Succeeded ? "succeeded" : null);
    }

    private static Dictionary<string, string>? HeadersOf(string? json) => json is null ? null : ColumnJson.ReadTexts(json);

    private static DateTimeOffset? Time(long? ticks) => ticks is { } given ? new DateTimeOffset(given, TimeSpan.Zero) : null;
}

internal sealed class AttemptRead
{
    public int Number { get; init; }

    public long StartedAt { get; init; }

    public long EndedAt { get; init; }

    public int? Status { get; init; }

    public string Outcome { get; init; } = "";

    public Attempt ToAttempt() => new(Number, new DateTimeOffset(StartedAt, TimeSpan.Zero), new DateTimeOffset(EndedAt, TimeSpan.Zero), Status, Outcome);
}
