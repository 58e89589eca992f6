using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>A job with the right to start once.</summary>
public sealed record ClaimedJob
{
    public required JobId Id { get; init; }

    /// <summary>The fencing token: only the attempt that still holds it can finish the job.</summary>
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

    /// <summary>When the API first said "not now", if it has not given any other response since.</summary>
    public DateTimeOffset? ThrottledSince { get; init; }

    public DateTimeOffset? StartBefore { get; init; }

    /// <summary>The moment of the start, in store time; null when no limit has a rate: at once.</summary>
    public Slot? Slot { get; init; }

    /// <summary>The spacing that its start requires from others.</summary>
    public IReadOnlyList<RateStart> Rates { get; init; } = [];

    /// <summary>When its slot was planned, in store time.</summary>
    public DateTimeOffset PlannedAt { get; init; }

    /// <summary>Its slot takes account of all starts up to this time: until it was planned, or until the first late start that the store did not know (<see cref="ClaimResult.Known"/>).</summary>
    public DateTimeOffset KnowsStartsUntil { get; init; }

    /// <summary>When its permit is expected, in store time: the start waits for it, within the slot or, without a slot, hardly longer than until this time. Null when it uses a free one.</summary>
    public DateTimeOffset? PermitAt { get; init; }

    /// <summary>Maximum bytes of payload and request that a claim reads; larger ones stay in the store until the call, because thousands of jobs may run at once.</summary>
    public const int MaxReadBytes = 16 * 1024;

    /// <summary>Bytes of payload and request that are still to be read from the store; 0 when they are here.</summary>
    public int UnreadBytes { get; init; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    public StoredRequest? Request { get; init; }

    /// <summary>Limits with permits to return when the call ends.</summary>
    public bool HoldsLimits { get; init; }
}

/// <summary>A call may start within [At, At + Window]; up to <paramref name="Delay"/> later if the next starts are postponed (<see cref="StartsMade"/>).</summary>
public readonly record struct Slot(DateTimeOffset At, TimeSpan Window, TimeSpan Delay = default)
{
    /// <summary>After this the slot is given up.</summary>
    public DateTimeOffset Latest => At + Window + Delay;
}
