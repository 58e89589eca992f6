namespace JobService.Jobs;

/// <summary>A queue leads to one external API: it has a target, limits, a retry policy and processing.</summary>
public sealed record QueueDefinition
{
    /// <summary>What the queue calls. Default: the simulated API without latency, faults or limit.</summary>
    public TargetDefinition Target { get; init; } = new SimulatedTarget();

    /// <summary>Names of the limits that every call of this queue needs, all at once. At most 16. Default: none.</summary>
    public IReadOnlyList<string> Limits { get; init; } = [];

    /// <summary>
    /// The queue's share of a limit that several queues use while they all wait for it, relative to a queue of share 1: two queues of share 9 and 1 start calls 9 : 1, in what the limit counts and
    /// regardless of how many keys each has. From 0.001 to 1 000. Default 1.
    /// </summary>
    public double Share { get; init; } = 1;

    /// <summary>Shares of keys in the queue, such as <c>{"gold-7": 4}</c>: four times as much as a key that is not listed. At most 10 000, each from 0.001 to 1 000. Default: 1 for every key.</summary>
    public IReadOnlyDictionary<string, double> KeyShares { get; init; } = new Dictionary<string, double>();

    /// <summary>Where a response states what the call really cost, for all limits of the queue without their own expression: see <c>weightFrom</c> of a limit. At most 256 characters.</summary>
    public string? WeightFrom { get; init; }

    /// <summary>
    /// Statuses with which this API says "not now", such as <c>[503, 403]</c>: they pause and count no failure, like 429 and 529 everywhere, and like any 4xx and 503 that names a time. At most 20,
    /// each from 300 to 599. Default: none.
    /// </summary>
    public IReadOnlyList<int> ThrottledBy { get; init; } = [];

    /// <summary>Headers of responses that are kept and shown as <c>response.headers</c> of the job, such as <c>["location", "etag", "link"]</c>. At most 16 names, and 16 384
    /// characters per response; headers beyond that are left out. Default: none.</summary>
    public IReadOnlyList<string> KeepHeaders { get; init; } = [];

    /// <summary>Calls at once on one node. Default 16, from 1 to 10 000.</summary>
    public int MaxConcurrency { get; init; } = 16;

    /// <summary>Unfinished jobs that the queue may hold. Default 1 000 000, from 1 to 100 000 000.</summary>
    public int Capacity { get; init; } = 1_000_000;

    /// <summary>Timeout of one attempt, call and processing together, in seconds. Default 30, above 0, at most 86 400.</summary>
    public double TimeoutSeconds { get; init; } = 30;

    /// <summary>When a failed attempt is tried again.</summary>
    public RetryPolicy Retry { get; init; } = new();

    /// <summary>How the response is processed. Default: not at all.</summary>
    public ProcessDefinition Process { get; init; } = new NoProcessing();

    /// <summary>The queue as it may be shown: without credentials.</summary>
    public QueueDefinition Masked() => this with { Target = Target.Masked() };
}
