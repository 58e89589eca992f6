using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>How the response is processed before it becomes the result, separately from the calls.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoProcessing), "none")]
[JsonDerivedType(typeof(SimulatedProcessing), "simulated")]
public abstract record ProcessDefinition
{
    /// <summary>What is wrong with it; pointers begin at the queue.</summary>
    public abstract IEnumerable<Violation> Check();

    /// <summary>A new kind is a new parameter here: the processing does not compile without it.</summary>
    public abstract T Match<T>(Func<T> none, Func<SimulatedProcessing, T> simulated);
}

/// <summary>The response is the result.</summary>
public sealed record NoProcessing : ProcessDefinition
{
    public override IEnumerable<Violation> Check() => [];

    public override T Match<T>(Func<T> none, Func<SimulatedProcessing, T> simulated) => none();
}

/// <summary>Burns CPU for <c>cpuSeconds</c> and returns the response unchanged.</summary>
public sealed record SimulatedProcessing : ProcessDefinition
{
    /// <summary>Seconds of CPU time for each response, from 0 to 3 600.</summary>
    public required double CpuSeconds { get; init; }

    public override IEnumerable<Violation> Check()
    {
        if (CpuSeconds is not (>= 0 and <= 3_600))
            yield return new Violation("/process/cpuSeconds", "From 0 to 3600.");
    }

    public override T Match<T>(Func<T> none, Func<SimulatedProcessing, T> simulated) => simulated(this);
}
