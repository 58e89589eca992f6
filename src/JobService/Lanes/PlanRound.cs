using JobService.Jobs;

namespace JobService.Lanes;

/// <summary>The next job of a lane, as far as the planner needs it.</summary>
public record LaneHead(JobId Id, int Weight);

/// <summary>One round of planning: the moment, and what the planner asks and tells. All moments are ticks of store time.</summary>
public sealed class PlanRound
{
    public required long Now { get; init; }

    /// <summary>No slot lies before this: the claim has to be committed first.</summary>
    public required long EarliestSlot { get; init; }

    /// <summary>No slot is handed out beyond this.</summary>
    public required long Horizon { get; init; }

    /// <summary>How long before a slot its line is woken: less than the horizon, so that one round hands out several slots.</summary>
    public required long WakeAhead { get; init; }

    /// <summary>Takes up to so many permits of a queue, without waiting; answers how many.</summary>
    public required Func<string, int, int> TakePermits { get; init; }

    /// <summary>Gives unused permits back.</summary>
    public required Action<string, int> ReturnPermits { get; init; }

    /// <summary>The first jobs of a lane, at most so many.</summary>
    public required Func<string, string, int, IReadOnlyList<LaneHead>> Heads { get; init; }

    /// <summary>Asked of each head before its limits: true when it has gone aside into the line of its lock, and the lane goes on with its next job.</summary>
    public Func<LaneHead, bool> GoesAside { get; init; } = static _ => false;

    /// <summary>Claims a job: its limits are taken, a permit of the queue is its own. The slot is null when no limit has a rate.</summary>
    public required Action<string, LaneHead, long?, TimeSpan> Claim { get; init; }
}

/// <summary>Where a lane stands.</summary>
/// <param name="Reason">What the lane waits for.</param>
/// <param name="Limit">The limit whose line it stands in.</param>
/// <param name="Until">Ticks of store time; null when it depends on other jobs' ends.</param>
public readonly record struct LaneStand(WaitReason Reason, string? Limit, long? Until);
