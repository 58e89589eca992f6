using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Learns from responses to calls without limits: the lane pauses, finds its pace, and respects the remaining count.</summary>
public sealed partial class LanePlanner
{
    /// <summary>Restores what a store kept.</summary>
    public void RestoreLane(string queueName, string key, StoredLane stored)
    {
        var lane = queues[queueName].FindOrOpen(key, ref lastLaneNumber);
        LearnedOf(lane).Restore(stored);
        Remember(lane);
        AskLaneAgain(lane);
    }

    /// <summary>Clears what the lanes of a queue have learned: of one key, or of all.</summary>
    /// <returns>False when none had learned anything that still counts.</returns>
    public bool UnlearnLanes(string queueName, string? key, long now)
    {
        var hadLearned = false;
        foreach (var lane in LanesOf(queueName, key))
        {
            hadLearned |= lane.Learned?.RestsAt > now;
            lane.Learned = null;
            EndBackOff(lane);
            AskLaneAgain(lane);
        }

        return hadLearned;
    }

    /// <summary>What the lanes of a queue have learned that still counts: of one key, or of all.</summary>
    public IReadOnlyList<LaneLearned> LearnedInLanes(string queueName, string? key, long now) =>
        [.. LanesOf(queueName, key).Select(lane => lane.Learned?.LearnedAt(now, lane.UnderWay) ?? default).Where(learned => learned != default)];

    private List<Lane> LanesOf(string queueName, string? key)
    {
        var queue = queues[queueName];
        return key is null ? [.. queue.Lanes] : queue.Find(key) is { } own ? [own] : [];
    }

    private StoredLane? HeedInLane(Lane lane, LimitHold hold, long startedAt, CallFeedback feedback, long? notBefore, long now)
    {
        EndCall(hold, isCounted: false, now);
        var learned = LearnedOf(lane);
        if (feedback.Refused)
        {
            learned.Refuse(startedAt, notBefore, lane.RecentStarts(now), now);
        }
        else
        {
            learned.Passed(startedAt);
            if (feedback.CallsBudget is { } budget)
                learned.Tell(hold.Call, budget.Remaining, Math.Min(budget.Until.UtcTicks, now + CallFeedback.LongestPause.Ticks), now, lane.UnderWay);
            else
                learned.Untell(hold.Call, now);
        }

        Remember(lane);
        AskLaneAgain(lane);
        return feedback.Refused || feedback.CallsBudget is { Remaining: 0 } ? learned.ToStored() : null;
    }

    private void EndInLane(LimitHold hold, bool isCounted, long now)
    {
        var lane = hold.Lane;
        lane.EndCall();
        if (lane.Learned is not { } learned)
            return;
        if (isCounted && hold.Limits.Length == 0)
        {
            learned.Passed(hold.At);
            learned.Untell(hold.Call, now);
        }

        AskLaneAgain(lane);
    }

    private static LanePace LearnedOf(Lane lane) => lane.Learned ??= new LanePace();

    private void Remember(Lane lane)
    {
        if (lane.IsRemembered)
            return;
        lane.IsRemembered = true;
        remembered.Enqueue(lane, lane.Learned!.RestsAt);
    }

    // A separate method, so that lanes that are served allocate no closure.
    private void ParkUntil(Lane lane, long moment) => Park(lane, () => lane.ParkedUntil = moment);

    /// <summary>No job of the lane starts before a moment.</summary>
    private void Park(Lane lane, Action change)
    {
        parkedLanes.Remove(lane); // before its moment changes: the set is ordered by it
        Leave(lane);
        change();
        parkedLanes.Add(lane);
        lane.IsParked = true;
        NextWake = Math.Min(NextWake, lane.RestsUntil);
    }

    /// <summary>The next round checks the lane again: if it still may not start, it is parked again.</summary>
    private void Unpark(Lane lane, Action change)
    {
        parkedLanes.Remove(lane); // before its moment changes: the set is ordered by it
        change();
        if (!lane.IsParked)
            return;
        lane.IsParked = false;
        Rejoin(lane);
        NextWake = 0;
    }

    private void AskLaneAgain(Lane lane) => Unpark(lane, () => lane.ParkedUntil = 0);
}
