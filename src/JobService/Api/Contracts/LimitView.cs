using System.Text.Json.Serialization;
using JobService.Limits;
using JobService.Storage;

namespace JobService.Api.Contracts;

/// <summary>A limit: what is configured, what its API has taught, and where it stands.</summary>
public sealed record LimitView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>As it was PUT, with defaults filled in.</summary>
    public required LimitDefinition Config { get; init; }

    /// <summary>What answers of the API have taught; null while nothing is learned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public LearnedView? Learned { get; init; }

    /// <summary>Where the limit stands at this moment; lists leave it out.</summary>
    public LimitStateView? State { get; init; }

    internal static LimitView Of(LimitEntry entry, LimitStatus? status = null) => new()
    {
        Name = entry.Name,
        Config = entry.Definition,
        Learned = status?.PausedUntil is { } until ? new LearnedView(until) : null,
        State = status is null ? null : new LimitStateView(status.Taken, status.Available, status.NextFreeAt, status.Waiting),
    };
}

/// <summary>What answers of the API have taught.</summary>
/// <param name="PausedUntil">The API said "not before".</param>
public sealed record LearnedView(DateTimeOffset PausedUntil);

/// <summary>A limit's state at one moment.</summary>
/// <param name="Taken">Permits in use: of the period for <c>rate</c>, held for <c>concurrency</c>.</param>
/// <param name="Available">Weight that could start now.</param>
/// <param name="NextFreeAt">When the next permit is free; left out when one is, or when it depends on other jobs' ends.</param>
/// <param name="Waiting">Lanes, one for each queue and key, that wait at the limit.</param>
public sealed record LimitStateView(long Taken, long Available, DateTimeOffset? NextFreeAt, int Waiting);

/// <summary>All limits, by name.</summary>
/// <param name="Items">The limits, without their states.</param>
public sealed record LimitList(IReadOnlyList<LimitView> Items);
