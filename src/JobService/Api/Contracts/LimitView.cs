using System.Text.Json.Serialization;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Api.Contracts;

/// <summary>A limit: what is configured, what its API has taught, and where it stands.</summary>
public sealed record LimitView
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>As it was PUT, with defaults filled in.</summary>
    public required LimitDefinition Config { get; init; }

    /// <summary>What answers of the API have taught; null while nothing is learned, and of a <c>perKey</c> limit without <c>?key=</c>: each key learns by itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public LearnedView? Learned { get; init; }

    /// <summary>Where the limit stands at this moment; lists leave it out.</summary>
    public LimitStateView? State { get; init; }

    internal static LimitView Of(LimitEntry entry, LimitStatus? status = null) => new()
    {
        Name = entry.Name,
        Config = entry.Definition,
        Learned = status is null ? null : LearnedView.Of(status),
        State = status is null ? null : new LimitStateView(status.Taken, status.Available, status.NextFreeAt, status.Waiting, status.Keys),
    };
}

/// <summary>What answers of the API have taught; what is not known is left out. The limit never goes faster than configured.</summary>
/// <param name="PausedUntil">No call before: a <c>Retry-After</c>, or a pause after a refusal that named no moment.</param>
/// <param name="Factor">Share of the configured pace that the limit goes at, below 1: halved by a refusal without a hint, slowly recovering.</param>
/// <param name="Remaining">What the API says it still allows beyond the calls under way: calls, or tokens where the limit counts these.</param>
/// <param name="RemainingUntil">When the API counts anew.</param>
public sealed record LearnedView(DateTimeOffset? PausedUntil, double? Factor, long? Remaining, DateTimeOffset? RemainingUntil)
{
    internal static LearnedView? Of(LimitStatus status) =>
        status is { PausedUntil: null, Factor: null, Remaining: null }
            ? null
            : new LearnedView(status.PausedUntil, status.Factor is { } factor ? Math.Round(factor, 4) : null, status.Remaining, status.RemainingUntil);
}

/// <summary>A limit's state at one moment: of all jobs, or of the key that was asked for. Of a <c>perKey</c> limit without <c>?key=</c> it is the sum over all keys.</summary>
/// <param name="Taken">Permits in use: of the period for <c>rate</c>, started in the window that ends now for <c>window</c>, held for <c>concurrency</c>.</param>
/// <param name="Available">Weight that could start now; in the sum over all keys what a key could start that holds nothing.</param>
/// <param name="NextFreeAt">When the next permit is free; left out when one is, when it depends on other jobs' ends, and in the sum over all keys.</param>
/// <param name="Waiting">Jobs that wait at the limit.</param>
/// <param name="Keys">Keys that have a state of their own; left out except in the sum over all keys.</param>
public sealed record LimitStateView(long Taken, long Available, DateTimeOffset? NextFreeAt, long Waiting, int? Keys);

/// <summary>All limits, by name.</summary>
/// <param name="Items">The limits, without their states.</param>
public sealed record LimitList(IReadOnlyList<LimitView> Items);
