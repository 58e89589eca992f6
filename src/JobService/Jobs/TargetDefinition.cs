using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>What a queue calls.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(SimulatedTarget), "simulated")]
[JsonDerivedType(typeof(HttpTarget), "http")]
public abstract record TargetDefinition
{
    // Methods, because properties would be serialized with the definition.

    /// <summary>Whether a job may carry a <c>request</c>.</summary>
    public abstract bool TakesRequests();

    /// <summary>Whether its API may have limits that nobody has configured here: its first calls are few.</summary>
    public abstract bool MayHaveUnknownLimits();

    /// <summary>A new kind is a new parameter here: the factory of targets does not compile without it.</summary>
    public abstract T Match<T>(Func<SimulatedTarget, T> simulated, Func<HttpTarget, T> http);

    /// <summary>The target as it may be shown: without credentials.</summary>
    public abstract TargetDefinition Masked();

    /// <summary>What is wrong with it; pointers begin at the queue.</summary>
    public abstract IEnumerable<Violation> Check();
}
