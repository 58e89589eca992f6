using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Schedules the next checks, and forgets states that are no longer needed.</summary>
public sealed partial class LanePlanner
{
    private void WakeParked(long now, int atMost)
    {
        for (var looks = 0; looks < atMost && parkedLanes.Min is { } lane && lane.RestsUntil <= now; looks++)
        {
            parkedLanes.Remove(lane);
            Rejoin(lane);
        }

        foreach (var queue in heldQueues.Where(queue => queue.HeldUntil <= now).ToList())
        {
            heldQueues.Remove(queue);
            LookAgain(queue);
        }
    }

    private void WakeStarved(PlanRound round)
    {
        foreach (var queue in starved.ToList())
        {
            starved.Remove(queue);
            if (MayStart(queue, round))
                LookAgain(queue);
        }
    }

    /// <summary>The queue may start jobs again: checks its ready lanes, and those waiting for limits that may have become free meanwhile.</summary>
    private void LookAgain(QueueLanes queue)
    {
        active.Add(queue);
        foreach (var limit in queue.Limits.Where(limit => !limit.IsPerKey))
            changed.Add(limit.LineOf(""));
    }

    /// <summary>Schedules the time at which the head of the wait queue may start. Queues that may not start anything are checked when they may again.</summary>
    private void Schedule(LimitLine line, long now)
    {
        line.WakeAt = LimitState.Never;
        var isCalled = line.Called is not null;
        if (line.Called is { } called && !(line.Limit.IsNamedBySeveral && (starved.Contains(called.Queue) || !IsOpen(called.Queue, now))))
            return;
        if (line.Head(queue => IsOpen(queue, now) && ((line.Limit.IsPerKey && !isCalled) || !starved.Contains(queue))) is not { } head)
        {
            if (!isCalled)
                WakeWhenOpen(line);
            return;
        }

        line.WakeAt = line.State.EarliestAt(0, head.HeadWeightAt(line.Limit));
        if (line.WakeAt < LimitState.Never)
            (head.Queue.HandsOutSlots ? slotTimes : plainTimes).Add(line);
    }

    /// <summary>Limits of single keys need no check when a queue is released: their wait queues wake by themselves.</summary>
    private void WakeWhenOpen(LimitLine line)
    {
        if (!line.Limit.IsPerKey || line.Head(queue => !queue.Paused) is not { } held)
            return;
        line.WakeAt = held.Queue.HeldUntil;
        plainTimes.Add(line);
    }

    private long FindNextWake(PlanRound round, long morePermitsAt)
    {
        if (active.Count > 0)
            return 0;
        var next = Math.Min(parkedLanes.Min?.RestsUntil ?? LimitState.Never, plainTimes.First);
        foreach (var queue in heldQueues)
            next = Math.Min(next, queue.HeldUntil);
        return Math.Min(slotTimes.First, morePermitsAt) is var ahead and < LimitState.Never ? Math.Min(next, ahead - round.WakeAhead) : next;
    }

    /// <summary>Forgets the states of keys that equal new ones.</summary>
    public void ForgetResting(long now)
    {
        for (var looks = 0; looks < MaxLooksPerRound && resting.TryPeek(out var line, out var at) && at <= now; looks++)
        {
            resting.Dequeue();
            line.IsResting = false;
            if (!line.IsEmpty || line.Called is not null || line.State.RestsAt > now)
                LetRest(line, notBefore: now + TimeSpan.TicksPerSecond);
            else
                line.Limit.Forget(line);
        }
    }

    /// <summary>Forgets what lanes have learned and what has expired.</summary>
    private void ForgetLearned(long now)
    {
        for (var looks = 0; looks < MaxLooksPerRound && remembered.TryPeek(out var lane, out var at) && at <= now; looks++)
        {
            remembered.Dequeue();
            if (lane.Learned?.RestsAt > now)
            {
                remembered.Enqueue(lane, lane.Learned.RestsAt);
                continue;
            }

            (lane.Learned, lane.IsRemembered) = (null, false);
            if (lane.StandsIn is null)
                lane.Queue.Rest(lane);
        }
    }

    private void LetRest(LimitLine line, long notBefore = 0)
    {
        if (!line.Limit.IsPerKey || line.IsResting || line.State.RestsAt is not (< LimitState.Never and var at))
            return;
        line.IsResting = true;
        resting.Enqueue(line, Math.Max(at, notBefore));
    }
}
