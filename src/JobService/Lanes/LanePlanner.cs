using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Decides which jobs may start, and when: fair between lanes, all limits at once, nobody overtaken at a limit.</summary>
/// <remarks>
/// Start-time fair queueing (Goyal, Vin, Cheng 1996): a claim moves its lane's virtual time by weight ÷ share; an idle lane returns at the current
/// virtual time. Owned by one thread; no clock, no storage, no chance inside.
/// </remarks>
public sealed partial class LanePlanner
{
    /// <summary>Permits taken from one queue's semaphore in one round, at most: a turn must end before the first of its calls is late.</summary>
    private const int MaxPermitsPerRound = 512;

    /// <summary>Idle lanes of one queue that are remembered for the sake of what they owe; the one that owes least is forgotten first.</summary>
    public const int MaxIdleLanes = 10_000;

    private readonly Dictionary<string, QueueLanes> queues = [];
    private readonly Dictionary<string, LimitLine> limits = [];
    private readonly SortedSet<Lane> pausedLanes = new(Comparer<Lane>.Create(ByPause));
    private readonly Dictionary<QueueLanes, int> permits = [];
    private long lastLaneNumber;

    /// <summary>When a round is worth while even if nothing else happens; <see cref="LimitState.Never"/> when only an event can change anything.</summary>
    public long NextWake { get; private set; } = LimitState.Never;

    // ── what happens to jobs ──────────────────────────────────────────────────────────────────────────────────────────

    /// <summary>A job of this lane may go, as far as its own times are concerned.</summary>
    public void Arrive(string queueName, string key)
    {
        var queue = queues[queueName];
        var lane = queue.FindOrOpen(key, ref lastLaneNumber);
        if (lane.StandsIn is null && !pausedLanes.Contains(lane))
            queue.Ready.Join(lane);
        else
            AskAgainIfHeavy(lane);
    }

    /// <summary>A job of this lane has left without having run: if it was the head, a lighter one may stand there now.</summary>
    public void HeadLeft(string queueName, string key)
    {
        if (queues[queueName].Find(key) is { } lane)
            AskAgainIfHeavy(lane);
    }

    /// <summary>What a claim takes of its queue's limits; null when there are none.</summary>
    public LimitHold? HoldOf(string queueName, long at, int weight)
    {
        var queue = queues[queueName];
        return queue.Limits.Length > 0 ? new LimitHold(queue.Limits, queue.States, at, queue.Fit(weight)) : null;
    }

    /// <summary>A call that runs is counted again after the states were made anew.</summary>
    public LimitHold? Retake(string queueName, long at, int weight)
    {
        var hold = HoldOf(queueName, at, weight);
        foreach (var state in hold?.States.Where(state => !state.HandsOutSlots) ?? [])
            state.Take(at, hold!.Weight);
        return hold;
    }

    /// <summary>The call has ended, or was never made: what it held is free, and an unused slot too if no later one was handed out.</summary>
    public void Return(LimitHold hold, bool callWasMade)
    {
        for (var i = 0; i < hold.States.Length; i++)
        {
            if (callWasMade)
                hold.States[i].Return(hold.Weight);
            else
                hold.States[i].TakeBack(hold.At, hold.Weight);
            Reconsider(hold.Lines[i]);
        }
    }

    /// <summary>The API said "not before". The queue's limits are paused, or its lane when it has none.</summary>
    /// <returns>True when the lane was paused, false when the limits were.</returns>
    public bool Pause(string queueName, string key, long until)
    {
        var queue = queues[queueName];
        if (queue.Limits.Length == 0)
        {
            PauseLane(queueName, key, until);
            return true;
        }

        foreach (var limit in queue.Limits)
        {
            limit.State.PauseUntil(until);
            Reconsider(limit);
        }

        return false;
    }

    public void PauseLane(string queueName, string key, long until)
    {
        var lane = queues[queueName].FindOrOpen(key, ref lastLaneNumber);
        if (until <= lane.PausedUntil)
            return;
        pausedLanes.Remove(lane);
        lane.StandsIn?.Leave(lane);
        lane.PausedUntil = until;
        pausedLanes.Add(lane);
    }

    public LaneStand Explain(string queueName, string key)
    {
        var queue = queues[queueName];
        if (queue.Paused)
            return new LaneStand(WaitReason.Paused, null, null);

        return queue.Find(key) switch
        {
            { StandsIn: LimitLine { State.HandsOutSlots: true } line } => new LaneStand(WaitReason.Limit, line.Name, UntilOf(line)),
            { StandsIn: LimitLine line } => new LaneStand(WaitReason.Concurrency, line.Name, UntilOf(line)),
            { StandsIn: not null } when queue.OutOfPermits => new LaneStand(WaitReason.Concurrency, null, null),
            { } lane when pausedLanes.Contains(lane) => new LaneStand(WaitReason.Limit, null, lane.PausedUntil),
            _ => new LaneStand(WaitReason.Turn, null, null),
        };
    }

    private static long? UntilOf(LimitLine line)
    {
        var at = line.Head is { } head ? line.State.EarliestAt(0, head.HeadWeight) : LimitState.Never;
        return at == LimitState.Never ? null : at;
    }

    // ── planning ──────────────────────────────────────────────────────────────────────────────────────────────────────

    public void Run(PlanRound round)
    {
        WakePausedLanes(round.Now);
        foreach (var limit in limits.Values)
        {
            if (limit.Count > 0)
                Wake(limit, round);
        }

        foreach (var queue in queues.Values)
        {
            while (!queue.Paused && queue.Ready.Head is { } lane && Permits(queue, round) > 0)
                Serve(lane, round);
            queue.OutOfPermits = queue.Ready.Head is not null;
            queue.ForgetIdle(round.Now);
        }

        foreach (var (queue, unused) in permits)
        {
            if (unused > 0)
                round.ReturnPermits(queue.Name, unused);
        }

        permits.Clear();
        NextWake = FindNextWake(round);
    }

    private void WakePausedLanes(long now)
    {
        while (pausedLanes.Min is { } lane && lane.PausedUntil <= now)
        {
            pausedLanes.Remove(lane);
            Arrive(lane.Queue.Name, lane.Key);
        }
    }

    private void Wake(LimitLine limit, PlanRound round)
    {
        while (limit.Head is { } lane && limit.State.EarliestAt(From(lane.Queue, round), lane.HeadWeight) <= Until(lane.Queue, round))
        {
            if (lane.Queue.Paused || Permits(lane.Queue, round) == 0)
                MoveToReady(lane);
            else
                Serve(lane, round);
        }
    }

    /// <summary>Claims what the lane may start now, then puts it where it belongs: ready, at the limit that allows it last, or to rest.</summary>
    private void Serve(Lane lane, PlanRound round)
    {
        var queue = lane.Queue;
        lane.StandsIn?.Leave(lane);
        var wanted = HeadsWorthAsking(lane, permits[queue]);
        var heads = round.Heads(queue.Name, lane.Key, wanted);
        foreach (var head in heads)
        {
            if (round.GoesAside(head))
                continue;
            lane.HeadWeight = queue.Fit(head.Weight);
            if (FindBlocking(lane, round, out var at) is { } limit)
            {
                limit.Join(lane);
                return;
            }

            Reservation.Take(queue.States, at, lane.HeadWeight);
            permits[queue]--;
            Charge(lane, head.Weight);
            round.Claim(queue.Name, head, queue.HandsOutSlots ? at : null, queue.StartWindow);
        }

        if (heads.Count == wanted)
            queue.Ready.Join(lane);
        else
            queue.Rest(lane);
    }

    /// <summary>Where limits decide, one job at a time; otherwise as many as the lane may start before another one's turn comes.</summary>
    private static int HeadsWorthAsking(Lane lane, int permits)
    {
        if (lane.Queue.Limits.Length > 0)
            return 1;
        if (lane.Queue.Ready.Head is not { } next)
            return permits;
        var lead = next.VirtualTime - lane.VirtualTime;
        return (int)Math.Clamp(lead + 1, 1, permits);
    }

    private static LimitLine? FindBlocking(Lane lane, PlanRound round, out long at)
    {
        var queue = lane.Queue;
        at = round.Now;
        foreach (var limit in queue.Limits)
        {
            if (limit.HasBefore(lane))
                return limit;
        }

        at = Reservation.Earliest(queue.States, From(queue, round), lane.HeadWeight, out var binding);
        return at <= Until(queue, round) ? null : queue.Limits[Array.IndexOf(queue.States, binding)];
    }

    /// <summary>A slot lies behind the commit of its claim; without a rate the call starts when it is claimed.</summary>
    private static long From(QueueLanes queue, PlanRound round) => queue.HandsOutSlots ? round.EarliestSlot : round.Now;

    private static long Until(QueueLanes queue, PlanRound round) => queue.HandsOutSlots ? round.Horizon : round.Now;

    private static void Charge(Lane lane, int weight)
    {
        lane.Queue.Ready.Serve(lane.VirtualTime);
        foreach (var limit in lane.Queue.Limits)
            limit.Serve(lane.VirtualTime);
        lane.LastCharge = weight;
        lane.VirtualTime += weight;
    }

    private int Permits(QueueLanes queue, PlanRound round)
    {
        if (!permits.TryGetValue(queue, out var free))
            permits.Add(queue, free = round.TakePermits(queue.Name, MaxPermitsPerRound));
        return free;
    }

    /// <summary>A heavy head may have given way to a lighter job, which is not to wait for the heavy one's moment.</summary>
    private static void AskAgainIfHeavy(Lane lane)
    {
        if (lane is { StandsIn: LimitLine, HeadWeight: > 1 })
            MoveToReady(lane);
    }

    /// <summary>What the limits were asked before does not hold any more.</summary>
    private static void AskAllAgain(QueueLanes queue)
    {
        foreach (var lane in queue.Lanes.Where(lane => lane.StandsIn is LimitLine))
            MoveToReady(lane);
    }

    private static void MoveToReady(Lane lane)
    {
        lane.StandsIn?.Leave(lane);
        lane.Queue.Ready.Join(lane);
    }

    /// <summary>The limit's state changed from outside: its head is asked again in the next round.</summary>
    private void Reconsider(LimitLine limit)
    {
        if (limit.Count > 0)
            NextWake = 0;
    }

    private long FindNextWake(PlanRound round)
    {
        var next = pausedLanes.Min?.PausedUntil ?? LimitState.Never;
        foreach (var limit in limits.Values)
        {
            if (limit.Head is { } head && limit.State.EarliestAt(From(head.Queue, round), head.HeadWeight) is var at && at < LimitState.Never)
                next = Math.Min(next, head.Queue.HandsOutSlots ? at - round.WakeAhead : at);
        }

        return next;
    }

    private static int ByPause(Lane left, Lane right)
    {
        var byTime = left.PausedUntil.CompareTo(right.PausedUntil);
        return byTime != 0 ? byTime : left.Number.CompareTo(right.Number);
    }
}
