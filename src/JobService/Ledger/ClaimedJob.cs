using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>A job with the right to start once.</summary>
public sealed record ClaimedJob
{
    public required JobId Id { get; init; }

    /// <summary>The fencing token: whoever finishes must still hold it.</summary>
    public required long Lease { get; init; }

    public required QueueEntry Queue { get; init; }

    public string Key { get; init; } = "";

    public int Weight { get; init; } = 1;

    /// <summary>Number of this attempt, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>Failures before this attempt.</summary>
    public int Failures { get; init; }

    public required int MaxAttempts { get; init; }

    public required TimeSpan Timeout { get; init; }

    /// <summary>When the API first said "not now", if it has been saying so without an answer since.</summary>
    public DateTimeOffset? ThrottledSince { get; init; }

    public DateTimeOffset? StartBefore { get; init; }

    /// <summary>The moment of the start, in store time; null when no limit has a rate: at once.</summary>
    public Slot? Slot { get; init; }

    /// <summary>What keeps its start apart from others.</summary>
    public IReadOnlyList<RateStart> Rates { get; init; } = [];

    /// <summary>When its slot was handed out, in store time: behind all starts that had come by then, but for late ones that the store was not told of (<see cref="ClaimResult.Known"/>).</summary>
    public DateTimeOffset PlannedAt { get; init; }

    /// <summary>When its permit is expected, in store time: it is waited for at the start, in the slot or, without one, hardly longer than until this. Null when a free one is to be there.</summary>
    public DateTimeOffset? PermitAt { get; init; }

    /// <summary>Payload and request of more bytes are left in the store by the claim: thousands may run at once.</summary>
    public const int MaxReadBytes = 16 * 1024;

    /// <summary>Bytes of payload and request that the store has still to be asked for; 0 when they are here.</summary>
    public int UnreadBytes { get; init; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    public StoredRequest? Request { get; init; }

    /// <summary>Limits with permits to return when the call ends.</summary>
    public bool HoldsLimits { get; init; }
}

/// <summary>A call may start within [At, At + Window]; up to <paramref name="Delay"/> later, when what follows goes behind it (<see cref="StartsMade"/>).</summary>
public readonly record struct Slot(DateTimeOffset At, TimeSpan Window, TimeSpan Delay = default)
{
    /// <summary>From here on the slot is given up.</summary>
    public DateTimeOffset Latest => At + Window + Delay;
}
