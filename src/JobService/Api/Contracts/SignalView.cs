using System.Text.Json.Serialization;
using JobService.Ledger;

namespace JobService.Api.Contracts;

/// <summary>A signal that jobs wait for.</summary>
public sealed record SignalView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>While it is set, no job waits for it.</summary>
    public required bool Set { get; init; }

    /// <summary>Since when it is set; null when it is not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? SetAt { get; init; }

    /// <summary>Jobs that wait for it. Right after it was set: those that are about to be released.</summary>
    public required long Waiting { get; init; }

    internal static SignalView Of(string name, SignalStatus status) =>
        new() { Name = name, Set = status.SetAt is not null, SetAt = status.SetAt, Waiting = status.Waiting };
}
