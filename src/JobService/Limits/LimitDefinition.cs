using System.Text.Json.Serialization;

namespace JobService.Limits;

/// <summary>A named resource that several queues may share.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(RateDefinition), "rate")]
[JsonDerivedType(typeof(WindowDefinition), "window")]
[JsonDerivedType(typeof(ConcurrencyDefinition), "concurrency")]
public abstract record LimitDefinition
{
    /// <summary>Calls per period (<c>rate</c>), in any window (<c>window</c>) or at once (<c>concurrency</c>), by weight. From 1 to 1 000 000.</summary>
    public required int Permits { get; init; }

    /// <summary>One state for all jobs (<c>shared</c>), or one for each job key (<c>perKey</c>). Default: <c>shared</c>.</summary>
    public LimitScope Scope { get; init; }

    /// <summary>
    /// Where an answer says what the call has really cost: a JMESPath expression on its JSON, as <c>usage.total_tokens</c>. The difference to the job's weight is
    /// charged or refunded from that moment on. Default: the weight is the cost. Not for <c>concurrency</c>.
    /// </summary>
    public string? WeightFrom { get; init; }

    /// <summary>The heaviest job that can ever pass.</summary>
    [JsonIgnore]
    public abstract int MaxWeight { get; }
}

/// <summary>Calls per period: GCRA (ITU-T I.371), so that no window holds more than burst + rate × its length.</summary>
public sealed record RateDefinition : LimitDefinition
{
    /// <summary>Length of the period in seconds. Default 1, from 0.001 to 2 592 000.</summary>
    public double PeriodSeconds { get; init; } = 1;

    /// <summary>Calls that may go at once after a rest. Default 1 (evenly spaced), from 1 to 1 000 000.</summary>
    public int Burst { get; init; } = 1;

    [JsonIgnore]
    public override int MaxWeight => Burst;
}

/// <summary>Never more in any window of the period's length, wherever it begins: the exact log of all starts.</summary>
public sealed record WindowDefinition : LimitDefinition
{
    /// <summary>Length of the window in seconds. Default 1, from 0.001 to 2 592 000.</summary>
    public double PeriodSeconds { get; init; } = 1;

    [JsonIgnore]
    public override int MaxWeight => Permits;
}

/// <summary>Calls at once, over all queues that name the limit.</summary>
public sealed record ConcurrencyDefinition : LimitDefinition
{
    [JsonIgnore]
    public override int MaxWeight => Permits;
}

public enum LimitScope
{
    Shared,
    PerKey,
}
