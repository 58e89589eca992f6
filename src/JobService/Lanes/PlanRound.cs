using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>The next job of a lane, as far as the planner needs it.</summary>
public record LaneHead(JobId Id, int Weight)
{
    /// <summary>What it takes of limits that count something else, by name; null when it names nothing.</summary>
    public virtual IReadOnlyDictionary<string, int>? Weights { get; init; }
}

/// <summary>The first jobs of a lane, as far as they were asked for and are in memory.</summary>
/// <param name="Jobs">In their order.</param>
/// <param name="HasMore">There may be more behind them.</param>
public readonly record struct FirstJobs(IReadOnlyList<LaneHead> Jobs, bool HasMore)
{
    /// <summary>None is in memory.</summary>
    public static FirstJobs Unknown { get; } = new([], HasMore: true);

    public bool IsUnknown => HasMore && Jobs.Count == 0;
}

/// <summary>A job that starts.</summary>
/// <param name="Queue">Its queue, and whose permit it uses.</param>
/// <param name="Head">The job.</param>
/// <param name="Slot">The moment of its start; null when no limit hands out slots.</param>
/// <param name="Window">How late it may start.</param>
/// <param name="Hold">What it has taken of its limits, if the queue has any.</param>
/// <param name="PermitAt">When its permit is expected; null when it is free.</param>
public readonly record struct PlannedStart(string Queue, LaneHead Head, long? Slot, TimeSpan Window, LimitHold Hold, long? PermitAt)
{
    /// <summary>How much later than that it may start, because later calls are then postponed.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The spacing that it requires from other starts.</summary>
    public IReadOnlyList<RateStart> Rates { get; init; } = [];
}

/// <summary>One round of planning: its time, and the functions that the planner calls. All times are ticks of store time.</summary>
public sealed class PlanRound
{
    public required long Now { get; init; }

    /// <summary>When the claim is expected to be committed: no slot is earlier than this by more than half of its start window.</summary>
    public required long EarliestSlot { get; init; }

    /// <summary>No slot is handed out after this.</summary>
    public required long Horizon { get; init; }

    /// <summary>How long before a slot its wait queue is woken: less than the horizon, so that one round hands out several slots.</summary>
    public required long WakeAhead { get; init; }

    /// <summary>Jobs of one queue that start in this round, at most: the round must end before the slots of other queues have passed.</summary>
    public int MaxStarts { get; init; } = 512;

    /// <summary>What the semaphores of the queues offer, by name; a queue that is not named has no permits.</summary>
    public required IReadOnlyDictionary<string, Permits> Permits { get; init; }

    /// <summary>Called with each lane, by queue and key, whose jobs the next round is likely to need.</summary>
    public Action<string, string> Expect { get; init; } = static (_, _) => { };

    /// <summary>The first jobs of a lane, by queue and key, at most that many. While they are unknown the queue starts nothing more in this round; the next one follows at once, and knows them.</summary>
    public required Func<string, string, int, FirstJobs> First { get; init; }

    /// <summary>Called for each first job before its limits are checked: true when it has moved to the wait queue of its lock, and the lane continues with its next job.</summary>
    public Func<LaneHead, bool> JoinsLockQueue { get; init; } = static _ => false;

    /// <summary>Claims a job.</summary>
    public required Action<PlannedStart> Claim { get; init; }
}

/// <summary>Why a job waits, as far as lanes and limits know.</summary>
/// <param name="Reason">What it waits for.</param>
/// <param name="Limit">The limit that allows it last.</param>
/// <param name="Until">Ticks of store time; null when it depends on other jobs' ends.</param>
public readonly record struct LaneExplanation(WaitReason Reason, string? Limit, long? Until);
