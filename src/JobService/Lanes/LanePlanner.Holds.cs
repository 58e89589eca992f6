using JobService.Limits;

namespace JobService.Lanes;

/// <summary>What calls hold of their limits, from the claim to the end.</summary>
public sealed partial class LanePlanner
{
    private long turnNumber;

    /// <summary>What was changed so far is stored, and will not be undone.</summary>
    public void EndTurn() => turnNumber++;

    /// <summary>Counts a running call again after the states were reloaded: it holds what it held.</summary>
    /// <param name="former">What it took before.</param>
    /// <param name="planner">Where it took it: its turn was rolled back.</param>
    /// <param name="key">The job's key.</param>
    internal LimitHold Retake(LimitHold former, LanePlanner planner, string key)
    {
        var stored = former.Before(planner.turnNumber);
        var held = new List<HeldLimit>();
        foreach (var before in stored.Limits)
        {
            if (!limits.TryGetValue(before.WaitQueue.Limit.Name, out var limit))
                continue;
            var own = limit.WaitQueueOf(key);
            if (before.WasForgotten(planner.turnNumber))
            {
                held.Add(before with { WaitQueue = own, IsForgotten = true });
                continue;
            }

            if (!own.State.HandsOutSlots && !stored.HasReturned)
                own.State.Take(stored.At, before.Weight);
            else if (!stored.IsOver)
                own.State.Resume(before.Weight);
            LetRest(own);
            held.Add(new HeldLimit(own, own.State, own.State.Calls, before.Weight, before.Refunded, before.IsRecounted));
        }

        var lane = queues[former.Lane.Queue.Name].FindOrOpen(key, ref lastLaneNumber);
        if (!stored.IsOver)
            lane.ResumeCall();
        var hold = new LimitHold(lane, former.Call, [], former.Slot, former.Window);
        hold.Change(stored with { Limits = [.. held] }, turnNumber);
        // The turn had recorded that it started late, and that is not reported twice.
        if (former.At > stored.At)
            Postpone(hold, key, former.At);
        return hold;
    }

    /// <summary>A limit counts something else now: a call in progress holds what it would take today.</summary>
    /// <param name="hold">What it took.</param>
    /// <param name="limit">The limit's name.</param>
    /// <param name="weight">The job's weight.</param>
    /// <param name="weights">Its weights by name.</param>
    public void Recount(LimitHold hold, string limit, int weight, IReadOnlyDictionary<string, int>? weights)
    {
        var at = Array.FindIndex(hold.Limits, held => held.WaitQueue.Limit.Name == limit);
        if (at < 0)
            return;

        var held = hold.Limits[at];
        var taken = held.WaitQueue.Limit.WeightOf(weight, weights);
        held.State.Recount(hold.At, held.Weight, taken, isUnderWay: !hold.IsOver, isHeld: !hold.HasReturned);
        hold.Change(hold.Current.With(at, held with { Weight = taken, IsRecounted = true }), turnNumber);
        Reconsider(held.WaitQueue);
    }

    /// <summary>The call has started later than its slot.</summary>
    /// <param name="hold">What it has taken.</param>
    /// <param name="key">The job's key.</param>
    /// <param name="to">The moment it counts as: slots handed out from now on are after it.</param>
    public void Postpone(LimitHold hold, string key, long to)
    {
        foreach (var held in hold.Limits)
        {
            if (held.IsForgotten)
                continue;
            // The current state: an idle one may have been forgotten since the claim.
            var current = held.WaitQueue.Limit.WaitQueueOf(key);
            current.State.Postpone(hold.At, held.Weight - held.Refunded, to);
            Reconsider(current);
        }

        hold.Change(hold.Current with { At = Math.Max(hold.At, to) }, turnNumber);
    }

    /// <summary>The call has ended. If it was not reported to have started after its window, it counts from its start; or from the later moment that its end has shown.</summary>
    /// <returns>True when a state has changed.</returns>
    public bool PostponeUntold(LimitHold hold, string key, long startedAt, long countsAt)
    {
        if (hold.At == hold.Slot && startedAt > hold.Slot + hold.Window)
            countsAt = Math.Max(countsAt, startedAt);
        if (countsAt <= hold.At || !Array.Exists(hold.Limits, held => held.State.HandsOutSlots))
            return false;
        Postpone(hold, key, countsAt);
        return true;
    }

    /// <summary>For calls that got slots before the process died, the start time is unknown: each counts as starting at its latest possible moment.</summary>
    /// <returns>The states concerned.</returns>
    internal IReadOnlyCollection<LimitWaitQueue> PostponeLost(IEnumerable<LostStart> lost, long now)
    {
        Dictionary<LimitWaitQueue, LostStart> latest = [];
        foreach (var start in lost)
        {
            var queue = queues[start.Queue];
            var lateBy = Math.Min(now - start.Slot, queue.LongestDelay.Ticks);
            foreach (var waitQueue in queue.WaitQueuesOf(start.Key).Where(waitQueue => lateBy > 0 && waitQueue.State.HandsOutSlots))
            {
                var late = start with { Weight = waitQueue.Limit.WeightOf(start.Weight, start.Weights), LateBy = lateBy };
                if (waitQueue.State is WindowLimit)
                    waitQueue.State.Postpone(late.Slot, late.Weight, late.Slot + lateBy);
                if (late.LateBy > latest.GetValueOrDefault(waitQueue).LateBy)
                    latest[waitQueue] = late;
            }
        }

        // What a rate had handed out is postponed once: by the greatest delay.
        foreach (var (waitQueue, late) in latest.Where(each => each.Key.State is not WindowLimit))
            waitQueue.State.Postpone(late.Slot, late.Weight, late.Slot + late.LateBy);
        return latest.Keys;
    }

    /// <summary>The call has ended, or was never made: what it held is free, and an unused slot too if no later one was handed out.</summary>
    public void Return(LimitHold hold, bool callWasMade, long now)
    {
        EndCall(hold, isCounted: callWasMade, now);
        hold.Change(hold.Current with { HasReturned = true }, turnNumber);
        foreach (var held in hold.Limits)
        {
            if (callWasMade)
                held.State.Return(held.Weight);
            else if (!held.IsRecounted)
                held.State.TakeBack(hold.At, held.Weight);
            else if (!held.State.HandsOutSlots)
                held.State.Return(held.Weight);
            Reconsider(held.WaitQueue);
        }
    }

    /// <summary>The call is no longer in progress. Once for each call: later results do not change this.</summary>
    /// <param name="hold">What it took.</param>
    /// <param name="isCounted">The API has counted it, as far as is known, and has not said what is left.</param>
    /// <param name="now">The moment.</param>
    public void EndCall(LimitHold hold, bool isCounted, long now)
    {
        if (hold.IsOver)
            return;
        hold.Change(hold.Current with { IsOver = true }, turnNumber);
        foreach (var held in hold.Limits)
        {
            if (held.State.End(held.Weight, isCounted))
                Reconsider(held.WaitQueue);
        }

        EndInLane(hold, isCounted, now);
    }
}

/// <summary>A call that got a slot from a process that has died.</summary>
/// <param name="LateBy">How late it may have started.</param>
internal readonly record struct LostStart(string Queue, string Key, int Weight, IReadOnlyDictionary<string, int>? Weights, long Slot, long LateBy = 0);
