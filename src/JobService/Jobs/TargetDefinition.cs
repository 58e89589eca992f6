using System.Text.Json.Serialization;

namespace JobService.Jobs;

/// <summary>What a queue calls.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(SimulatedTarget), "simulated")]
[JsonDerivedType(typeof(HttpTarget), "http")]
public abstract record TargetDefinition
{
    // Methods, since what a property says would be read and written with the definition.

    /// <summary>Whether a job may carry a <c>request</c>.</summary>
    public abstract bool TakesRequests();

    /// <summary>The target as it may be shown: without credentials.</summary>
    public abstract TargetDefinition Masked();

    /// <summary>What is wrong with it; pointers begin at the queue.</summary>
    public abstract IEnumerable<Violation> Check();
}
