using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>The rounds: which jobs may start now, and when to check again.</summary>
public sealed partial class LanePlanner
{
    /// <summary>
    /// Lanes checked in one round, per start that it may make: ready lanes of one queue (after a restart a hundred thousand may be ready, and blocked), and lanes that have become due, of all
    /// queues (the keys of a queue that was paused become due together).
    /// </summary>
    private const int MaxLooksPerStart = 4;

    /// <summary>States and learned paces that are checked in one round for whether they can be forgotten.</summary>
    private const int MaxLooksPerRound = 2_000;

    private const int MaxPassesPerRound = 64;

    /// <summary>Lanes that are expected to follow one whose jobs are not known: the following ones are mostly not known either.</summary>
    private const int LeastExpected = 64;

    private readonly Dictionary<QueueLanes, PermitPool> permits = [];
    private readonly List<LimitWaitQueue> lookedAt = [];

    // A queue has at most this many limits: one array for all checks, instead of one for each job.
    private readonly LimitState[] asked = new LimitState[QueueRules.MaxLimits];

    public void Run(PlanRound round)
    {
        // Lanes left over are already due: the next round follows at once and continues with them.
        var atMost = MaxLooksPerStart * round.MaxStarts;
        WakeParked(round.Now, atMost);
        WakeStarved(round);
        slotTimes.TakeDue(round.Horizon, atMost, changed);
        plainTimes.TakeDue(round.Now, atMost, changed);
        // The changes of one pass may allow others to start: a second pass mostly finds nothing more.
        var passes = 0;
        do
        {
            var first = lookedAt.Count;
            lookedAt.AddRange(changed);
            changed.Clear();
            for (var i = first; i < lookedAt.Count; i++)
                CallNext(lookedAt[i], round);
            foreach (var queue in active.ToList())
                ServeReady(queue, round);
            for (var i = first; i < lookedAt.Count; i++)
                ServeWaitQueue(lookedAt[i], round);
        }
        while (changed.Count > 0 && ++passes < MaxPassesPerRound);

        var morePermitsAt = LimitState.Never;
        foreach (var (queue, pool) in permits)
        {
            if (pool.IsClosed)
                starved.Remove(queue);
            if (pool.IsClosed || (pool.Left == 0 && queue.StartedInRound == round.MaxStarts))
                active.Add(queue); // the next round may start more
            if (pool.IsClosed || queue.StartedInRound > 0)
                Expect(queue, Math.Min(Math.Max(2 * queue.StartedInRound, pool.IsClosed ? LeastExpected : 0), round.MaxStarts), round);
            if (starved.Contains(queue))
                morePermitsAt = Math.Min(morePermitsAt, pool.MoreAt);
            queue.StartedInRound = 0;
            queue.ForgetIdle(round.Now);
        }

        permits.Clear();
        foreach (var waitQueue in lookedAt.Concat(changed))
            Schedule(waitQueue, round.Now);
        lookedAt.Clear();
        changed.Clear();
        ForgetResting(round.Now);
        ForgetLearned(round.Now);
        NextWake = FindNextWake(round, morePermitsAt);
    }

    private void ServeWaitQueue(LimitWaitQueue waitQueue, PlanRound round)
    {
        if (waitQueue.Limit.IsPerKey)
            return;

        while (waitQueue.Head(queue => MayStart(queue, round)) is { } lane && MayGo(waitQueue, lane, round))
        {
            Serve(lane, round);
            // It may be its turn again; otherwise it joins the wait queue before the next slot is handed out.
            while (lane.WaitsIn is ReadyLanes && MayStart(lane.Queue, round))
                Serve(lane, round);
        }
    }

    /// <summary>The limit of one key makes its lanes ready one at a time: the queue decides the order among the keys.</summary>
    private void CallNext(LimitWaitQueue waitQueue, PlanRound round)
    {
        if (!waitQueue.Limit.IsPerKey || (waitQueue.Called is { } called && (!waitQueue.Limit.IsNamedBySeveral || MayStart(called.Queue, round))))
            return;
        // A lane that was made ready and has no permit stays ready, and does not block the limit for other queues.
        if (waitQueue.Head(queue => waitQueue.Called is null ? IsOpen(queue, round.Now) : MayStart(queue, round)) is not { } lane || !MayGo(waitQueue, lane, round))
            return;

        if (waitQueue.Called is not null)
            waitQueue.Called.CalledBy = null;
        MoveToReady(lane);
        waitQueue.Called = lane;
        lane.CalledBy = waitQueue;
    }

    private void ServeReady(QueueLanes queue, PlanRound round)
    {
        for (var looks = 0; looks < MaxLooksPerStart * round.MaxStarts && queue.Ready.Head is { } lane && MayStart(queue, round); looks++)
            Serve(lane, round);

        if (queue.Ready.Head is null || !MayStart(queue, round))
            active.Remove(queue);
    }

    /// <summary>Names the lanes that the next round is likely to serve: those whose jobs are not known are read together before it.</summary>
    private static void Expect(QueueLanes queue, int count, PlanRound round)
    {
        foreach (var lane in queue.Ready.Lanes.Take(count))
            round.Expect(queue.Name, lane.Key);
        foreach (var limit in queue.Limits)
        {
            if (limit.IsPerKey)
                continue;
            foreach (var lane in limit.WaitQueueOf("").LanesOf(queue).Take(count))
                round.Expect(queue.Name, lane.Key);
        }
    }

    /// <summary>Claims what the lane may start now, then puts it where it belongs: ready, waiting for the limit that allows it last, or idle.</summary>
    private void Serve(Lane lane, PlanRound round)
    {
        var calledBy = lane.CalledBy;
        Leave(lane);
        var queue = lane.Queue;
        var waitQueues = queue.WaitQueuesOf(lane.Key);
        if (Array.Find(waitQueues, waitQueue => waitQueue != calledBy && (waitQueue.HasBefore(lane, other => MayStart(other, round)) || IsReadyBefore(waitQueue, lane, round))) is { } ahead)
        {
            // Its jobs are asked for when it is at the front.
            lane.ForgetHead();
            WaitFor(lane, ahead);
            return;
        }

        var allowed = JobsBeforeOthers(lane, permits[queue].Left);
        var earliest = lane.Learned?.EarliestAt(round.Now, lane.UnderWay) ?? 0;
        if (Math.Max(earliest, lane.BackedOffUntil) > round.Now)
        {
            ParkUntil(lane, earliest);
            return;
        }

        allowed = Math.Min(allowed, lane.Learned?.Allowed(round.Now, lane.UnderWay) ?? allowed);

        var first = round.First(queue.Name, lane.Key, allowed);
        if (first.IsUnknown)
        {
            // Nothing of the queue goes before it: the next round follows at once, and knows its jobs.
            JoinReady(lane);
            permits[queue].Close();
            return;
        }

        foreach (var head in first.Jobs)
        {
            if (round.JoinsLockQueue(head))
            {
                lane.Leave();
                continue;
            }

            lane.Weigh(head);
            if (FindBlocking(waitQueues, lane, round, out var at) is { } waitQueue)
            {
                WaitFor(lane, waitQueue);
                return;
            }

            Start(lane, head, waitQueues, at, round);
        }

        if (first.HasMore)
        {
            JoinReady(lane);
            return;
        }

        lane.Empty();
        queue.Rest(lane);
    }

    /// <summary>Whether another queue also has a ready lane and it is that queue's turn at the limit: while the wait queue is empty, the first queue checked would take everything.</summary>
    private bool IsReadyBefore(LimitWaitQueue waitQueue, Lane lane, PlanRound round)
    {
        if (!waitQueue.Limit.IsNamedBySeveral)
            return false;
        foreach (var other in waitQueue.Limit.Queues)
        {
            if (other != lane.Queue && active.Contains(other) && IsReadyFor(waitQueue, other) && waitQueue.GoesBefore(other, lane.Queue) && MayStart(other, round))
                return true;
        }

        return false;
    }

    private static bool IsReadyFor(LimitWaitQueue waitQueue, QueueLanes queue) =>
        waitQueue.Limit.IsPerKey ? queue.Find(waitQueue.Key) is { WaitsIn: ReadyLanes } : queue.Ready.Head is not null;

    private void Start(Lane lane, LaneHead head, LimitWaitQueue[] waitQueues, long at, PlanRound round)
    {
        var queue = lane.Queue;
        var held = waitQueues.Length > 0 ? new HeldLimit[waitQueues.Length] : [];
        for (var i = 0; i < waitQueues.Length; i++)
        {
            var (waitQueue, weight) = (waitQueues[i], lane.HeadWeights[i]);
            waitQueue.State.Take(at, weight);
            waitQueue.Serve(lane, weight);
            changed.Add(waitQueue);
            LetRest(waitQueue);
            held[i] = new HeldLimit(waitQueue, waitQueue.State, waitQueue.State.Calls, weight);
        }

        var pool = permits[queue];
        var permitAt = pool.NextPermitAt;
        pool.Use();
        queue.StartedInRound++;
        queue.Ready.Serve(lane.VirtualTime);
        lane.Charge(head.Weight);
        lane.Leave();
        round.Claim(new PlannedStart(
            queue.Name, head, queue.HandsOutSlots ? at : null, queue.StartWindow, new LimitHold(lane, lane.BeginCall(round.Now), held, at, queue.StartWindow.Ticks), permitAt)
        {
            Delay = queue.LongestDelay,
            Rates = HeldLimit.RatesOf(held),
        });
    }

    private void WaitFor(Lane lane, LimitWaitQueue waitQueue)
    {
        waitQueue.Join(lane);
        changed.Add(waitQueue);
    }

    /// <summary>With limits, one job at a time; otherwise as many as the lane may start before it is another lane's turn.</summary>
    private static int JobsBeforeOthers(Lane lane, int permits)
    {
        if (lane.Queue.Limits.Length > 0)
            return 1;
        if (lane.Queue.Ready.Head is not { } next)
            return permits;
        var lead = (next.VirtualTime - lane.VirtualTime) * lane.Share;
        return (int)Math.Clamp(lead + 1, 1, permits);
    }

    /// <summary>The limit that allows the lane's first job last, or its own limit that does not allow it yet; null when all allow it in this round.</summary>
    private LimitWaitQueue? FindBlocking(LimitWaitQueue[] waitQueues, Lane lane, PlanRound round, out long at)
    {
        at = round.Now;
        // Its own limits first: a lane that waits for them blocks no other.
        if (Array.Find(waitQueues, waitQueue => waitQueue.Limit.IsPerKey && !MayGo(waitQueue, lane, round)) is { } own)
            return own;

        for (var i = 0; i < waitQueues.Length; i++)
            asked[i] = waitQueues[i].State;
        at = Reservation.Earliest(asked.AsSpan(0, waitQueues.Length), lane.HeadWeights, From(lane.Queue, round), out var binding);
        return at <= Until(lane.Queue, round) ? null : waitQueues[binding];
    }

    private bool MayGo(LimitWaitQueue waitQueue, Lane lane, PlanRound round) =>
        waitQueue.State.EarliestAt(From(lane.Queue, round), lane.HeadWeightAt(waitQueue.Limit)) <= Until(lane.Queue, round);

    /// <summary>
    /// A slot is after the commit of its claim, or before it by at most half of the start window: a queue that is short of permits would
    /// otherwise wait for the slowest commit after each call. Nor is it long before its permit is expected: a job that waits in its slot loses nothing, a
    /// permit that waits for its slot is wasted. Without a rate the call starts when it is claimed.
    /// </summary>
    private long From(QueueLanes queue, PlanRound round)
    {
        if (!queue.HandsOutSlots)
            return round.Now;
        var committed = Math.Max(round.Now, round.EarliestSlot - (queue.StartWindow.Ticks / 2));
        return permits.GetValueOrDefault(queue) is { Left: > 0, NextPermitAt: { } permitAt } ? Math.Max(committed, permitAt - (queue.StartWindow.Ticks / 4)) : committed;
    }

    private static long Until(QueueLanes queue, PlanRound round) => queue.HandsOutSlots ? round.Horizon : round.Now;

    private static bool IsOpen(QueueLanes queue, long now) => !queue.Paused && queue.HeldUntil <= now;

    private bool MayStart(QueueLanes queue, PlanRound round)
    {
        if (!IsOpen(queue, round.Now))
            return false;
        if (!permits.TryGetValue(queue, out var pool))
        {
            var offered = round.Permits.GetValueOrDefault(queue.Name, Permits.None);
            permits.Add(queue, pool = new PermitPool(offered, round.MaxStarts, round.Now, queue.MayClaimAhead ? round.Horizon : null));
        }

        if (pool.Left > 0)
            return true;
        starved.Add(queue);
        return false;
    }
}
