using System.Text.Json.Serialization;

namespace JobService.Limits;

/// <summary>A named resource that several queues may share.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(RateDefinition), "rate")]
[JsonDerivedType(typeof(WindowDefinition), "window")]
[JsonDerivedType(typeof(ConcurrencyDefinition), "concurrency")]
public abstract record LimitDefinition
{
    /// <summary><see cref="Counts"/>: a job takes its weight.</summary>
    public const string Weight = "weight";

    /// <summary><see cref="Counts"/>: a job takes 1, whatever it weighs.</summary>
    public const string Calls = "calls";

    /// <summary>What the limit counts per period (<c>rate</c>), in any window (<c>window</c>) or at once (<c>concurrency</c>). From 1 to 1 000 000.</summary>
    public required int Permits { get; init; }

    /// <summary>
    /// What a job takes of the limit: its <c>weight</c> (default), <c>calls</c> (every job takes 1), or a name of <c>[A-Za-z0-9._-]{1,64}</c>: then the job's weight of that
    /// name in <c>weights</c>, or its <c>weight</c> if it gives none. The two words are case-insensitive.
    /// </summary>
    public string Counts
    {
        get;
        init => field = WordIn(value) ?? value;
    } = Weight;

    /// <summary>One state for all jobs (<c>shared</c>), or one for each job key (<c>perKey</c>). Default: <c>shared</c>.</summary>
    public LimitScope Scope { get; init; }

    /// <summary>
    /// Where a response states what the call really cost: a JMESPath expression on its JSON, such as <c>usage.total_tokens</c>; for a <c>text/event-stream</c> or NDJSON, on the last event or line in which it
    /// gives a number. The difference to the job's weight is charged or refunded from that moment on. At most 256 characters; a path of names is evaluated on any response, any other expression on at most
    /// 1 MiB and only if its work is bounded. Default: what was taken is the cost. Not for <c>concurrency</c>, and not where calls are counted.
    /// </summary>
    public string? WeightFrom { get; init; }

    /// <summary>The most that a job can ever take.</summary>
    [JsonIgnore]
    public abstract int MaxWeight { get; }

    /// <summary>A call holds what it takes until it ends, and it is free then. Otherwise what it takes is spent with its start, and what it has really cost may be settled afterwards.</summary>
    [JsonIgnore]
    public abstract bool IsHeld { get; }

    /// <summary>True when the limit counts a job's weight of some name.</summary>
    [JsonIgnore]
    public bool CountsByName => Counts is not (Weight or Calls);

    /// <summary>True when the name is one of the two reserved words of <see cref="Counts"/>: a job cannot have a weight of that name.</summary>
    public static bool IsReserved(string name) => WordIn(name) is not null;

    /// <summary>What a job takes.</summary>
    /// <param name="weight">Its weight.</param>
    /// <param name="weights">Its weights by name; null when it gives none.</param>
    public int WeightOf(int weight, IReadOnlyDictionary<string, int>? weights) => Counts switch
    {
        Weight => weight,
        Calls => 1,
        var name => weights?.GetValueOrDefault(name, weight) ?? weight,
    };

    /// <summary>A new state that has handed out nothing.</summary>
    internal abstract LimitState NewState();

    /// <summary>Which of the fields that only this kind has are out of bounds.</summary>
    internal abstract IEnumerable<(string Pointer, string Detail)> OwnFaults();

    private protected static IEnumerable<(string Pointer, string Detail)> PeriodFaults(double seconds) =>
        seconds is >= 0.001 and <= 2_592_000 ? [] : [("/periodSeconds", "From 0.001 to 2592000.")];

    private static string? WordIn(string name) =>
        Weight.Equals(name, StringComparison.OrdinalIgnoreCase) ? Weight : Calls.Equals(name, StringComparison.OrdinalIgnoreCase) ? Calls : null;
}

/// <summary>Calls per period: GCRA (ITU-T I.371), so that no window holds more than burst + rate × its length.</summary>
public sealed record RateDefinition : LimitDefinition
{
    /// <summary>A thousand years: the longest time in which a burst must be paid back. More (a million at once, one a month) would not fit into ticks.</summary>
    public const long MaxDaysAhead = 365_000;

    private const int MostBurst = 1_000_000;
    private const int SecondsPerDay = 86_400;

    /// <summary>Length of the period in seconds. Default 1, from 0.001 to 2 592 000.</summary>
    public double PeriodSeconds { get; init; } = 1;

    /// <summary>Calls that may start at once after an idle time. Default 1 (evenly spaced), from 1 to 1 000 000, and no more than the pace allows in 1 000 years.</summary>
    public int Burst { get; init; } = 1;

    /// <summary>The largest burst at this pace.</summary>
    [JsonIgnore]
    public int LargestBurst => (int)Math.Min(MostBurst, MaxDaysAhead * (double)SecondsPerDay * Permits / PeriodSeconds);

    [JsonIgnore]
    public override int MaxWeight => Math.Min(Burst, LargestBurst);

    [JsonIgnore]
    public override bool IsHeld => false;

    internal override LimitState NewState() => new RateLimit(this);

    internal override IEnumerable<(string Pointer, string Detail)> OwnFaults()
    {
        var found = PeriodFaults(PeriodSeconds).ToList();
        if (Burst is < 1 or > MostBurst)
            found.Add(("/burst", "From 1 to 1000000."));
        return found;
    }
}

/// <summary>Never more in any window of the period's length, wherever it begins: the exact log of all starts.</summary>
public sealed record WindowDefinition : LimitDefinition
{
    /// <summary>Length of the window in seconds. Default 1, from 0.001 to 2 592 000.</summary>
    public double PeriodSeconds { get; init; } = 1;

    [JsonIgnore]
    public override int MaxWeight => Permits;

    [JsonIgnore]
    public override bool IsHeld => false;

    internal override LimitState NewState() => new WindowLimit(this);

    internal override IEnumerable<(string Pointer, string Detail)> OwnFaults() => PeriodFaults(PeriodSeconds);
}

/// <summary>Concurrent calls, over all queues that use the limit.</summary>
public sealed record ConcurrencyDefinition : LimitDefinition
{
    [JsonIgnore]
    public override int MaxWeight => Permits;

    [JsonIgnore]
    public override bool IsHeld => true;

    internal override LimitState NewState() => new ConcurrencyLimit(this);

    internal override IEnumerable<(string Pointer, string Detail)> OwnFaults() => [];
}

public enum LimitScope
{
    Shared,
    PerKey,
}
