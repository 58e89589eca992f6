namespace JobService.Jobs;

/// <summary>The built-in API: latency, faults and a limit of its own, all from an injected random source.</summary>
public sealed record SimulatedTarget : TargetDefinition
{
    /// <summary>How long a call takes. Default: no time.</summary>
    public LatencyRange LatencySeconds { get; init; } = new();

    /// <summary>Share of the calls that return 500. Default 0, from 0 to 1.</summary>
    public double FailureRate { get; init; }

    /// <summary>The API's own limit: faster calls get a 429 with <c>Retry-After</c>. Default: none.</summary>
    public SimulatedLimit? Limit { get; init; }

    public override bool TakesRequests() => false;

    public override bool MayHaveUnknownLimits() => false;

    public override T Match<T>(Func<SimulatedTarget, T> simulated, Func<HttpTarget, T> http) => simulated(this);

    public override TargetDefinition Masked() => this;

    public override IEnumerable<Violation> Check()
    {
        if (LatencySeconds.Min is not (>= 0 and <= 3_600))
            yield return new Violation("/target/latencySeconds/min", "From 0 to 3600.");
        if (LatencySeconds.Max is not (>= 0 and <= 3_600) || LatencySeconds.Max < LatencySeconds.Min)
            yield return new Violation("/target/latencySeconds/max", "From min to 3600.");
        if (FailureRate is not (>= 0 and <= 1))
            yield return new Violation("/target/failureRate", "From 0 to 1.");
        if (Limit is { Permits: < 1 or > 1_000_000 })
            yield return new Violation("/target/limit/permits", "From 1 to 1000000.");
        if (Limit is { PeriodSeconds: not (>= 0.001 and <= 86_400) })
            yield return new Violation("/target/limit/periodSeconds", "From 0.001 to 86400.");
    }
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
