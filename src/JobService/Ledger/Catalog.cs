using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>All queues and limits as they are in force: an immutable snapshot, replaced as a whole when one changes.</summary>
public sealed record Catalog(IReadOnlyDictionary<string, QueueEntry> Queues, IReadOnlyDictionary<string, LimitEntry> Limits)
{
    /// <summary>The highest revision that was ever in force: it is higher after each change but a deletion.</summary>
    public long Revision { get; init; }

    public static Catalog Empty { get; } = new(new Dictionary<string, QueueEntry>(), new Dictionary<string, LimitEntry>());
}

/// <param name="Revision">Changes with every change of the queue, pause and resume included; never reused for the same name.</param>
/// <param name="FromConfiguration">Named in configuration: it cannot be deleted.</param>
public sealed record QueueEntry(string Name, QueueDefinition Definition, bool Paused, long Revision, bool FromConfiguration);

/// <param name="Revision">Changes with every change of the limit; never reused for the same name.</param>
/// <param name="FromConfiguration">Named in configuration: it cannot be deleted.</param>
public sealed record LimitEntry(string Name, LimitDefinition Definition, long Revision, bool FromConfiguration);

/// <summary>The result of a PUT.</summary>
public abstract record PutOutcome<TEntry>
{
    private PutOutcome()
    {
    }

    /// <summary>A new outcome is a new parameter here: a caller that does not handle it does not compile.</summary>
    public abstract T Match<T>(Func<TEntry, T> created, Func<TEntry, TEntry, T> replaced, Func<long?, T> outdated, Func<string, T> unknownLimit);

    public sealed record Created(TEntry Entry) : PutOutcome<TEntry>
    {
        public override T Match<T>(Func<TEntry, T> created, Func<TEntry, TEntry, T> replaced, Func<long?, T> outdated, Func<string, T> unknownLimit) =>
            created(Entry);
    }

    /// <param name="Former">What was in force until then.</param>
    public sealed record Replaced(TEntry Entry, TEntry Former) : PutOutcome<TEntry>
    {
        public override T Match<T>(Func<TEntry, T> created, Func<TEntry, TEntry, T> replaced, Func<long?, T> outdated, Func<string, T> unknownLimit) =>
            replaced(Entry, Former);
    }

    /// <summary>The revision asked for is not the one in force.</summary>
    public sealed record Outdated(long? Current) : PutOutcome<TEntry>
    {
        public override T Match<T>(Func<TEntry, T> created, Func<TEntry, TEntry, T> replaced, Func<long?, T> outdated, Func<string, T> unknownLimit) =>
            outdated(Current);
    }

    /// <summary>The queue names a limit that does not exist.</summary>
    public sealed record UnknownLimit(string Limit) : PutOutcome<TEntry>
    {
        public override T Match<T>(Func<TEntry, T> created, Func<TEntry, TEntry, T> replaced, Func<long?, T> outdated, Func<string, T> unknownLimit) =>
            unknownLimit(Limit);
    }
}

/// <summary>The result of a DELETE.</summary>
public enum DeleteOutcome
{
    Deleted,
    NotFound,
    Outdated,

    /// <summary>A queue with unfinished jobs, or a limit that a queue names.</summary>
    InUse,

    /// <summary>Named in configuration.</summary>
    FromConfiguration,
}

/// <summary>Jobs of a queue by state.</summary>
public sealed record QueueCounts(long Queued, long Running, long Succeeded, long Failed, long Cancelled)
{
    public long Unfinished => Queued + Running;
}

/// <summary>What the lanes of a queue without limits have learned; of several keys, the values that hold longest.</summary>
/// <param name="Keys">Keys that have learned something.</param>
/// <param name="PausedUntil">The API said "not before".</param>
/// <param name="Pace">Calls a second; null when there is no pace.</param>
public sealed record QueueLearned(int Keys, DateTimeOffset? PausedUntil, double? Pace)
{
    /// <summary>Calls that the API says it still allows, beyond those under way.</summary>
    public long? Remaining { get; init; }

    /// <summary>Until when <see cref="Remaining"/> holds.</summary>
    public DateTimeOffset? RemainingUntil { get; init; }
}

/// <summary>A limit's state at one moment: of all jobs, of one key, or of all keys together.</summary>
/// <param name="Taken">Permits in use: of the period for <c>rate</c>, started in the window for <c>window</c>, held for <c>concurrency</c>.</param>
/// <param name="Available">Weight that could start now; of all keys together: what a key could start that holds nothing.</param>
/// <param name="NextFreeAt">When the next permit is free; null when one is, or when it depends on other jobs' ends.</param>
/// <param name="Waiting">Jobs that wait for the limit.</param>
/// <param name="PausedUntil">The API said "not before".</param>
public sealed record LimitStatus(long Taken, long Available, DateTimeOffset? NextFreeAt, long Waiting, DateTimeOffset? PausedUntil)
{
    /// <summary>Keys that have a state of their own; null unless it is about all keys of a <c>perKey</c> limit together.</summary>
    public int? Keys { get; init; }

    /// <summary>Share of the configured pace, below 1; null when refusals have not slowed the limit down.</summary>
    public double? Factor { get; init; }

    /// <summary>What the API says it still allows: calls, or what the limit counts, beyond what is under way.</summary>
    public long? Remaining { get; init; }

    /// <summary>Until when <see cref="Remaining"/> holds.</summary>
    public DateTimeOffset? RemainingUntil { get; init; }
}

/// <summary>The state of a signal at one moment.</summary>
/// <param name="SetAt">Since when it is set; null when it is not.</param>
/// <param name="Waiting">Jobs that wait for it, or that are about to be released.</param>
public sealed record SignalStatus(DateTimeOffset? SetAt, long Waiting);
