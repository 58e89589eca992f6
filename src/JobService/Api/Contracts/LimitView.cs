using System.Text.Json.Serialization;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Api.Contracts;

/// <summary>A limit: its definition, what it has learned from its API, and its current state.</summary>
public sealed record LimitView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The definition as it was PUT, with defaults filled in.</summary>
    public required LimitDefinition Config { get; init; }

    /// <summary>What the limit has learned from responses of the API; null while it has learned nothing, and for a <c>perKey</c> limit without <c>?key=</c>: each key learns separately.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public LearnedView? Learned { get; init; }

    /// <summary>The current state of the limit; left out in lists.</summary>
    public LimitStateView? State { get; init; }

    internal static LimitView Of(LimitEntry entry, LimitStatus? status = null) => new()
    {
        Name = entry.Name,
        Config = entry.Definition,
        Learned = status is null ? null : LearnedView.Of(status),
        State = status is null ? null : new LimitStateView(status.Taken, status.Available, status.NextFreeAt, status.Waiting, status.Keys),
    };
}

/// <summary>What the limit has learned from responses of the API; unknown values are left out. The limit never goes faster than configured.</summary>
/// <param name="PausedUntil">No call starts before this time: from a <c>Retry-After</c>, or a pause after a refusal that named no time.</param>
/// <param name="Factor">Share of the configured pace at which the limit runs, below 1: halved by a refusal that names no time, and recovering slowly.</param>
/// <param name="Remaining">What the API says it still allows beyond the calls in progress: calls, or tokens if the limit counts tokens.</param>
/// <param name="RemainingUntil">When the API resets its count.</param>
public sealed record LearnedView(DateTimeOffset? PausedUntil, double? Factor, long? Remaining, DateTimeOffset? RemainingUntil)
{
    internal static LearnedView? Of(LimitStatus status) =>
        status is { PausedUntil: null, Factor: null, Remaining: null }
            ? null
            : new LearnedView(status.PausedUntil, status.Factor is { } factor ? Math.Round(factor, 4) : null, status.Remaining, status.RemainingUntil);
}

/// <summary>A limit's state at one moment: of all jobs, or of the key that was asked for. For a <c>perKey</c> limit without <c>?key=</c> it is the sum over all keys.</summary>
/// <param name="Taken">Permits in use: of the period for <c>rate</c>, started in the window that ends now for <c>window</c>, held for <c>concurrency</c>.</param>
/// <param name="Available">Weight that could start now; in the sum over all keys, what a key that holds nothing could start.</param>
/// <param name="NextFreeAt">When the next permit is free; left out when one is, when it depends on other jobs' ends, and in the sum over all keys.</param>
/// <param name="Waiting">Jobs that wait for the limit.</param>
/// <param name="Keys">Keys that have a state of their own; left out except in the sum over all keys.</param>
public sealed record LimitStateView(long Taken, long Available, DateTimeOffset? NextFreeAt, long Waiting, int? Keys);

/// <summary>All limits, by name.</summary>
/// <param name="Items">The limits, without their states.</param>
public sealed record LimitList(IReadOnlyList<LimitView> Items);
