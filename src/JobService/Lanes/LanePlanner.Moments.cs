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
            lane.IsParked = false;
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
            changed.Add(limit.WaitQueueOf(""));
    }

    /// <summary>Schedules the time at which the head of the wait queue may start. Queues that may not start anything are checked when they may again.</summary>
    private void Schedule(LimitWaitQueue waitQueue, long now)
    {
        waitQueue.WakeAt = LimitState.Never;
        var isCalled = waitQueue.Called is not null;
        if (waitQueue.Called is { } called && !(waitQueue.Limit.IsNamedBySeveral && (starved.Contains(called.Queue) || !IsOpen(called.Queue, now))))
            return;
        if (waitQueue.Head(queue => IsOpen(queue, now) && ((waitQueue.Limit.IsPerKey && !isCalled) || !starved.Contains(queue))) is not { } head)
        {
            if (!isCalled)
                WakeWhenOpen(waitQueue);
            return;
        }

        waitQueue.WakeAt = waitQueue.State.EarliestAt(0, head.HeadWeightAt(waitQueue.Limit));
        if (waitQueue.WakeAt < LimitState.Never)
            (head.Queue.HandsOutSlots ? slotTimes : plainTimes).Add(waitQueue);
    }

    /// <summary>Limits of single keys need no check when a queue is released: their wait queues wake by themselves.</summary>
    private void WakeWhenOpen(LimitWaitQueue waitQueue)
    {
        if (!waitQueue.Limit.IsPerKey || waitQueue.Head(queue => !queue.Paused) is not { } held)
            return;
        waitQueue.WakeAt = held.Queue.HeldUntil;
        plainTimes.Add(waitQueue);
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
        for (var looks = 0; looks < MaxLooksPerRound && resting.TryPeek(out var waitQueue, out var at) && at <= now; looks++)
        {
            resting.Dequeue();
            waitQueue.IsResting = false;
            if (!waitQueue.IsEmpty || waitQueue.Called is not null || waitQueue.State.RestsAt > now)
                LetRest(waitQueue, notBefore: now + TimeSpan.TicksPerSecond);
            else
                waitQueue.Limit.Forget(waitQueue);
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
            if (lane.WaitsIn is null)
                lane.Queue.Rest(lane);
        }
    }

    private void LetRest(LimitWaitQueue waitQueue, long notBefore = 0)
    {
        if (!waitQueue.Limit.IsPerKey || waitQueue.IsResting || waitQueue.State.RestsAt is not (< LimitState.Never and var at))
            return;
        waitQueue.IsResting = true;
        resting.Enqueue(waitQueue, Math.Max(at, notBefore));
    }
}
