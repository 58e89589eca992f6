using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Decides which jobs may start, and when: fair between lanes, all limits at once, nobody overtaken at a limit.</summary>
/// <remarks>
/// Start-time fair queueing (Goyal, Vin, Cheng 1996): a claim moves its lane's virtual time by weight ÷ share; an idle lane returns at the current
/// virtual time. Owned by one thread; no clock, no storage, no chance inside. A round costs what has changed since the last one, not what waits.
/// </remarks>
public sealed partial class LanePlanner
{
    /// <summary>Idle lanes of one queue that are remembered for the sake of what they owe; the one that owes least is forgotten first.</summary>
    public const int MaxIdleLanes = 10_000;

    private readonly Dictionary<string, QueueLanes> queues = [];
    private readonly Dictionary<string, NamedLimit> limits = [];
    private readonly SortedSet<Lane> parkedLanes = new(Comparer<Lane>.Create(ByMoment));
    private readonly HashSet<QueueLanes> heldQueues = [];

    /// <summary>Queues with ready lanes that the next round looks at.</summary>
    private readonly HashSet<QueueLanes> active = [];

    /// <summary>Queues that could start more if they had permits.</summary>
    private readonly HashSet<QueueLanes> starved = [];

    /// <summary>Lines whose state or head has changed: asked again in the next round.</summary>
    private readonly HashSet<LimitLine> changed = [];

    private readonly WakeTimes slotTimes = new();
    private readonly WakeTimes plainTimes = new();
    private readonly PriorityQueue<LimitLine, long> resting = new();
    private readonly PriorityQueue<Lane, long> remembered = new();
    private long lastLaneNumber;

    /// <summary>When a round is worth while even if nothing else happens; <see cref="LimitState.Never"/> when only an event can change anything.</summary>
    public long NextWake { get; private set; } = LimitState.Never;

    /// <summary>Jobs of this lane may go, as far as their own times are concerned.</summary>
    public void Arrive(string queueName, string key, int count = 1)
    {
        var lane = queues[queueName].FindOrOpen(key, ref lastLaneNumber);
        lane.Jobs += count;
        Rejoin(lane);
    }

    /// <summary>A job of this lane has left without having run: if it was the head, a lighter one may stand there now.</summary>
    public void HeadLeft(string queueName, string key)
    {
        if (queues[queueName].Find(key) is not { } lane)
            return;
        lane.Jobs = Math.Max(0, lane.Jobs - 1);
        AskAgainIfHeavy(lane);
    }

    /// <summary>A call that runs is counted again after the states were made anew: it holds what it held.</summary>
    /// <param name="former">What it took before.</param>
    /// <param name="key">The job's key.</param>
    /// <param name="hasReturned">The call is over: it holds nothing any more.</param>
    public LimitHold Retake(LimitHold former, string key, bool hasReturned)
    {
        var held = new List<HeldLimit>();
        foreach (var before in former.Limits)
        {
            if (!limits.TryGetValue(before.Line.Limit.Name, out var limit))
                continue;
            var own = limit.LineOf(key);
            if (!own.State.HandsOutSlots && !hasReturned)
                own.State.Take(former.At, before.Weight);
            else if (!former.IsOver)
                own.State.Resume(before.Weight);
            if (former.At > former.Slot)
                own.State.Postpone(former.Slot, before.Weight, former.At);
            LetRest(own);
            held.Add(before with { Line = own, State = own.State, Call = own.State.Calls });
        }

        var lane = queues[former.Lane.Queue.Name].FindOrOpen(key, ref lastLaneNumber);
        if (!former.IsOver)
            lane.ResumeCall();
        return new LimitHold(lane, former.Call, [.. held], former.Slot, former.Window) { At = former.At, IsOver = former.IsOver };
    }

    /// <summary>A limit counts something else now: of a call that is under way it holds what it would take today.</summary>
    /// <param name="hold">What it took.</param>
    /// <param name="limit">The limit's name.</param>
    /// <param name="weight">The job's weight.</param>
    /// <param name="weights">Its weights by name.</param>
    /// <param name="hasReturned">The call is over: it holds nothing any more.</param>
    public void Recount(LimitHold hold, string limit, int weight, IReadOnlyDictionary<string, int>? weights, bool hasReturned)
    {
        var at = Array.FindIndex(hold.Limits, held => held.Line.Limit.Name == limit);
        if (at < 0)
            return;

        var held = hold.Limits[at];
        var taken = held.Line.Limit.WeightOf(weight, weights);
        held.State.Recount(hold.At, held.Weight, taken, isUnderWay: !hold.IsOver, isHeld: !hasReturned);
        hold.Limits[at] = held with { Weight = taken, IsRecounted = true };
        Reconsider(held.Line);
    }

    /// <summary>The call has started later than its slot.</summary>
    /// <param name="hold">What it has taken.</param>
    /// <param name="key">The job's key.</param>
    /// <param name="to">The moment it counts as: what is handed out from now on goes behind it.</param>
    public void Postpone(LimitHold hold, string key, long to)
    {
        foreach (var held in hold.Limits)
        {
            // The state in force: one that rested may have been forgotten since the claim.
            var current = held.Line.Limit.LineOf(key);
            current.State.Postpone(hold.At, held.Weight - held.Refunded, to);
            Reconsider(current);
        }

        hold.At = Math.Max(hold.At, to);
    }

    /// <summary>The call has ended. If nobody has said that it started behind its window, it counts from its start.</summary>
    /// <returns>True when a state has changed.</returns>
    public bool PostponeUntold(LimitHold hold, string key, long startedAt)
    {
        if (hold.At > hold.Slot || startedAt <= hold.Slot + hold.Window || !Array.Exists(hold.Limits, held => held.State.HandsOutSlots))
            return false;
        Postpone(hold, key, startedAt);
        return true;
    }

    /// <summary>Nobody knows when calls have started that were given slots before the process died: each counts as late as it may have been.</summary>
    /// <returns>The states concerned.</returns>
    internal IReadOnlyCollection<LimitLine> PostponeLost(IEnumerable<LostStart> lost, long now)
    {
        Dictionary<LimitLine, LostStart> latest = [];
        foreach (var start in lost)
        {
            var queue = queues[start.Queue];
            var lateBy = Math.Min(now - start.Slot, queue.LongestDelay.Ticks);
            foreach (var line in queue.LinesOf(start.Key).Where(line => lateBy > 0 && line.State.HandsOutSlots))
            {
                var late = start with { Weight = line.Limit.WeightOf(start.Weight, start.Weights), LateBy = lateBy };
                if (line.State is WindowLimit)
                    line.State.Postpone(late.Slot, late.Weight, late.Slot + lateBy);
                if (late.LateBy > latest.GetValueOrDefault(line).LateBy)
                    latest[line] = late;
            }
        }

        // What a rate had handed out goes later once: by the greatest lateness.
        foreach (var (line, late) in latest.Where(each => each.Key.State is not WindowLimit))
            line.State.Postpone(late.Slot, late.Weight, late.Slot + late.LateBy);
        return latest.Keys;
    }

    /// <summary>The call has ended, or was never made: what it held is free, and an unused slot too if no later one was handed out.</summary>
    public void Return(LimitHold hold, bool callWasMade)
    {
        EndCall(hold, isCounted: callWasMade);
        foreach (var held in hold.Limits)
        {
            if (callWasMade)
                held.State.Return(held.Weight);
            else if (!held.IsRecounted)
                held.State.TakeBack(hold.At, held.Weight);
            else if (!held.State.HandsOutSlots)
                held.State.Return(held.Weight);
            Reconsider(held.Line);
        }
    }

    /// <summary>The call is not under way any more. Once for each call: what else comes of it later changes nothing here.</summary>
    /// <param name="hold">What it took.</param>
    /// <param name="isCounted">The API has counted it, as far as is known, and has not said what is left.</param>
    public void EndCall(LimitHold hold, bool isCounted)
    {
        if (hold.IsOver)
            return;
        hold.IsOver = true;
        foreach (var held in hold.Limits)
        {
            if (held.State.End(held.Weight, isCounted))
                Reconsider(held.Line);
        }

        EndInLane(hold, isCounted);
    }

    /// <summary>What the limits were asked before does not hold any more for lanes with a heavy head: a lighter job is not to wait for the heavy one's moment.</summary>
    private void AskAgainIfHeavy(Lane lane)
    {
        if (lane is { StandsIn: LimitLine, IsHeadHeavy: true })
            MoveToReady(lane);
    }

    private void Rejoin(Lane lane)
    {
        if (lane.StandsIn is not null || parkedLanes.Contains(lane))
        {
            AskAgainIfHeavy(lane);
            return;
        }

        JoinReady(lane);
    }

    private void MoveToReady(Lane lane)
    {
        Leave(lane);
        JoinReady(lane);
    }

    private void JoinReady(Lane lane)
    {
        lane.Queue.Ready.Join(lane);
        active.Add(lane.Queue);
    }

    private void Leave(Lane lane)
    {
        if (lane.StandsIn is LimitLine line)
            changed.Add(line);
        lane.StandsIn?.Leave(lane);
        Uncall(lane);
    }

    private void Uncall(Lane lane)
    {
        if (lane.CalledBy is not { } line)
            return;
        line.Called = null;
        lane.CalledBy = null;
        changed.Add(line);
    }

    /// <summary>The state changed from outside: its line is asked again in the next round, and when it rests it can be forgotten.</summary>
    private void Reconsider(LimitLine line)
    {
        LetRest(line);
        if (line.IsEmpty)
            return;
        changed.Add(line);
        NextWake = 0;
    }

    private static int ByMoment(Lane left, Lane right)
    {
        var byTime = left.RestsUntil.CompareTo(right.RestsUntil);
        return byTime != 0 ? byTime : left.Number.CompareTo(right.Number);
    }
}

/// <summary>A call that was given a slot by a process that has died.</summary>
/// <param name="LateBy">How late it may have started.</param>
internal readonly record struct LostStart(string Queue, string Key, int Weight, IReadOnlyDictionary<string, int>? Weights, long Slot, long LateBy = 0);
