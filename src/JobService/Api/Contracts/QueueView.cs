using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Api.Contracts;

/// <summary>A queue as it is in force. Plain values of credentials are shown as <c>***</c>.</summary>
public sealed record QueueView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>A paused queue starts no calls and still accepts jobs.</summary>
    public required bool Paused { get; init; }

    /// <summary>What the queue calls.</summary>
    public required TargetDefinition Target { get; init; }

    /// <summary>Names of the limits that every call needs, all at once.</summary>
    public required IReadOnlyList<string> Limits { get; init; }

    /// <summary>Its share of limits that other queues use too, relative to a queue of share 1.</summary>
    public required double Share { get; init; }

    /// <summary>Shares of keys; a key that is not listed has 1.</summary>
    public required IReadOnlyDictionary<string, double> KeyShares { get; init; }

    /// <summary>Where a response states what the call really cost; left out when not set.</summary>
    public string? WeightFrom { get; init; }

    /// <summary>Statuses with which this API says "not now", besides those that mean it everywhere.</summary>
    public required IReadOnlyList<int> ThrottledBy { get; init; }

    /// <summary>Headers of responses that are kept with the job.</summary>
    public required IReadOnlyList<string> KeepHeaders { get; init; }

    /// <summary>Calls at once on one node.</summary>
    public required int MaxConcurrency { get; init; }

    /// <summary>Unfinished jobs that the queue may hold.</summary>
    public required int Capacity { get; init; }

    /// <summary>Timeout of one attempt, call and processing together, in seconds.</summary>
    public required double TimeoutSeconds { get; init; }

    /// <summary>When a failed attempt is tried again.</summary>
    public required RetryPolicy Retry { get; init; }

    /// <summary>How the response is processed.</summary>
    public required ProcessDefinition Process { get; init; }

    /// <summary>Jobs by state; left out in lists.</summary>
    public CountsView? Counts { get; init; }

    /// <summary>Calls started per second, over the last ten seconds; left out in lists.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>What a queue without limits has learned from responses of the API; left out while it has learned nothing, and in lists. A queue with limits learns in its limits.</summary>
    public QueueLearnedView? Learned { get; init; }

    internal static QueueView Of(QueueEntry entry, QueueCounts? counts = null, double? ratePerSecond = null)
    {
        var queue = entry.Definition.Masked();
        return new QueueView
        {
            Name = entry.Name,
            Paused = entry.Paused,
            Target = queue.Target,
            Limits = queue.Limits,
            Share = queue.Share,
            KeyShares = queue.KeyShares,
            WeightFrom = queue.WeightFrom,
            ThrottledBy = queue.ThrottledBy,
            KeepHeaders = queue.KeepHeaders,
            MaxConcurrency = queue.MaxConcurrency,
            Capacity = queue.Capacity,
            TimeoutSeconds = queue.TimeoutSeconds,
            Retry = queue.Retry,
            Process = queue.Process,
            Counts = counts is null ? null : new CountsView(counts.Queued, counts.Running, counts.Succeeded, counts.Failed, counts.Cancelled),
            RatePerSecond = ratePerSecond,
        };
    }
}

/// <summary>What a queue without limits has learned about its keys from responses of the API; of several keys, the values that hold longest.</summary>
/// <param name="Keys">Keys that have learned something; 1 when one was asked for, and where jobs have no key.</param>
/// <param name="PausedUntil">No call starts before this time: from a <c>Retry-After</c>, or a pause after a refusal that named no time.</param>
/// <param name="PacePerSecond">Calls per second of one key: the rate that got through when calls were refused without naming a time; it grows while calls succeed. Left out when there is none.</param>
/// <param name="Remaining">Calls that the API says it still allows, beyond those in progress.</param>
/// <param name="RemainingUntil">When the API resets its count.</param>
public sealed record QueueLearnedView(int Keys, DateTimeOffset? PausedUntil, double? PacePerSecond, long? Remaining, DateTimeOffset? RemainingUntil)
{
    internal static QueueLearnedView? Of(QueueLearned? learned) => learned is null
        ? null
        : new QueueLearnedView(learned.Keys, learned.PausedUntil, learned.Pace is { } pace ? Math.Round(pace, 2) : null, learned.Remaining, learned.RemainingUntil);
}

/// <summary>Jobs of a queue by state.</summary>
/// <param name="Queued">Waiting, for whatever reason.</param>
/// <param name="Running">Started and not over.</param>
/// <param name="Succeeded">Kept until the retention time is over.</param>
/// <param name="Failed">Kept until the retention time is over.</param>
/// <param name="Cancelled">Kept until the retention time is over.</param>
public sealed record CountsView(long Queued, long Running, long Succeeded, long Failed, long Cancelled);

/// <summary>All queues, by name.</summary>
/// <param name="Items">The queues, without counts.</param>
public sealed record QueueList(IReadOnlyList<QueueView> Items);
