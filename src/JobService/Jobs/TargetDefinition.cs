using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>What a queue calls.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(SimulatedTarget), "simulated")]
[JsonDerivedType(typeof(HttpTarget), "http")]
public abstract record TargetDefinition;

/// <summary>The built-in API: latency, faults and a limit of its own, all from an injected random source.</summary>
public sealed record SimulatedTarget : TargetDefinition
{
    /// <summary>How long a call takes. Default: no time.</summary>
    public LatencyRange LatencySeconds { get; init; } = new();

    /// <summary>Share of the calls that answer 500. Default 0, from 0 to 1.</summary>
    public double FailureRate { get; init; }

    /// <summary>The API's own limit: what comes faster is answered 429 with <c>Retry-After</c>. Default: none.</summary>
    public SimulatedLimit? Limit { get; init; }
}

/// <summary>Uniform between the two, in seconds: 0 ≤ min ≤ max ≤ 3 600.</summary>
public sealed record LatencyRange
{
    public double Min { get; init; }

    public double Max { get; init; }
}

/// <summary>A fixed number of calls per period, as many public APIs count them.</summary>
public sealed record SimulatedLimit
{
    /// <summary>Calls per period, from 1 to 1 000 000.</summary>
    public required int Permits { get; init; }

    /// <summary>Length of the period in seconds. Default 1, from 0.001 to 86 400.</summary>
    public double PeriodSeconds { get; init; } = 1;
}

/// <summary>A real API over HTTP.</summary>
public sealed record HttpTarget : TargetDefinition
{
    /// <summary>Absolute <c>http</c> or <c>https</c> address without user, query or fragment; a job's path is appended to it.</summary>
    public required string BaseAddress { get; init; }

    /// <summary>Header fields of every call. A value is a text, or <c>{"fromConfiguration": "Name"}</c>: the secret <c>JobService:Secrets:Name</c>.</summary>
    public IReadOnlyDictionary<string, HeaderValue> Headers { get; init; } = new Dictionary<string, HeaderValue>();
}
