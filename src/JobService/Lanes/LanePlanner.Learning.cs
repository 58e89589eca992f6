using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Learns from responses: the states concerned pause, slow down or adopt the count of the API.</summary>
public sealed partial class LanePlanner
{
    /// <summary>Processes the feedback of a call.</summary>
    /// <param name="queueName">Its queue.</param>
    /// <param name="key">Its key.</param>
    /// <param name="hold">What it took.</param>
    /// <param name="startedAt">When it was sent.</param>
    /// <param name="feedback">What its response said.</param>
    /// <param name="now">The moment.</param>
    /// <returns>What a store keeps of the lane, if it has learned something to keep; null when limits are concerned.</returns>
    public StoredLane? ApplyFeedback(string queueName, string key, LimitHold hold, long startedAt, CallFeedback feedback, long now)
    {
        var notBefore = feedback.NotBefore is { } moment ? Math.Min(moment.UtcTicks, now + CallFeedback.LongestPause.Ticks) : (long?)null;
        if (feedback.CircuitOpen && notBefore is { } probe)
        {
            HoldQueue(queues[queueName], hold, probe);
            return null;
        }

        if (hold.Limits.Length == 0)
            return HeedInLane(queues[queueName].FindOrOpen(key, ref lastLaneNumber), hold, startedAt, feedback, notBefore, now);

        EndCall(hold, isCounted: !feedback.Refused && feedback.Budgets.Count == 0, now);
        var concerned = Concerned(hold).ToArray();
        foreach (var held in concerned)
        {
            // The current state: the limit may have been recreated since the claim.
            var waitQueue = held.WaitQueue.Limit.WaitQueueOf(key);
            if (notBefore is { } until)
                waitQueue.State.PauseUntil(until);
            else if (feedback.Refused)
                waitQueue.State.SlowDown(startedAt, now);
            Reconsider(waitQueue);
        }

        foreach (var budget in feedback.Budgets)
            HeedBudget(concerned, queues.GetValueOrDefault(queueName)?.WeightFrom, key, budget, feedback.Refused ? null : startedAt, now);
        return null;
    }

    /// <summary>A remaining budget applies to the limits that count the same; a budget of calls, and one that is used up, applies to all if none does.</summary>
    private static void HeedBudget(HeldLimit[] concerned, string? weightFrom, string key, CallBudget budget, long? startedAt, long now)
    {
        var counting = Array.FindAll(concerned, held => BudgetRule.Counts(held.WaitQueue.Limit.Definition, weightFrom, budget.Unit));
        var inWeight = counting.Length > 0 && budget.Unit != BudgetUnit.Calls;
        if (counting.Length == 0 && (budget.Unit == BudgetUnit.Calls || budget.Remaining == 0))
            counting = concerned;
        foreach (var held in counting)
        {
            var state = held.WaitQueue.Limit.WaitQueueOf(key).State;
            state.Expect(held.Call, budget.Remaining, Math.Min(budget.Until.UtcTicks, now + CallFeedback.LongestPause.Ticks), now, budget.Limit, inWeight, inWeight || held.Weight > 1 ? null : startedAt);
        }
    }

    /// <summary>The call cost a different weight than it took of one of its limits.</summary>
    public void Correct(LimitHold hold, string key, string limit, int trueWeight, long now)
    {
        var at = Array.FindIndex(hold.Limits, held => held.WaitQueue.Limit.Name == limit);
        if (at < 0)
            return;

        var held = hold.Limits[at];
        if (held.IsRecounted || held.IsForgotten)
            return;

        hold.Change(hold.Current.With(at, held with { Refunded = Math.Max(held.Weight - Math.Max(trueWeight, 0), 0) }), turnNumber);
        var waitQueue = held.WaitQueue.Limit.WaitQueueOf(key);
        waitQueue.State.Correct(hold.At, held.Weight, trueWeight, now);
        Reconsider(waitQueue);
    }

    /// <summary>The API has responded: from now on windows know when it had counted the call at the latest.</summary>
    /// <returns>True when a state has changed.</returns>
    public bool Responded(LimitHold hold, long now, CallTime? call = null)
    {
        var isNew = false;
        foreach (var held in hold.Limits)
        {
            if (held.IsRecounted || held.Weight == held.Refunded || !held.State.Responded(hold.At, held.Weight - held.Refunded, now, call))
                continue;
            Reconsider(held.WaitQueue);
            isNew = true;
        }

        return isNew;
    }

    /// <summary>Clears what a limit has learned: for jobs of one key, or for all.</summary>
    /// <returns>The states that had learned something.</returns>
    internal IReadOnlyList<LimitWaitQueue> Unlearn(string limit, string? key, long now)
    {
        var states = key is null ? [.. limits[limit].WaitQueues] : limits[limit].Find(key) is { } own ? new[] { own } : [];
        var lifted = Array.FindAll(states, waitQueue => waitQueue.State.Unlearn(now));
        Array.ForEach(lifted, Reconsider);
        return lifted;
    }

    /// <summary>A refusal concerns the states of the call's key; if it took none of these, the shared ones.</summary>
    private static IEnumerable<HeldLimit> Concerned(LimitHold hold) =>
        Array.Exists(hold.Limits, held => held.WaitQueue.Limit.IsPerKey) ? hold.Limits.Where(held => held.WaitQueue.Limit.IsPerKey) : hold.Limits;

    /// <summary>A failing target concerns only its queue: limits that other queues use continue for them.</summary>
    private void HoldQueue(QueueLanes queue, LimitHold? hold, long until)
    {
        queue.HeldUntil = Math.Max(queue.HeldUntil, until);
        heldQueues.Add(queue);
        NextWake = Math.Min(NextWake, queue.HeldUntil);
        foreach (var held in hold?.Limits ?? [])
        {
            if (queues.Values.All(other => other == queue || !other.Limits.Contains(held.WaitQueue.Limit)))
                held.State.PauseUntil(until);
            Reconsider(held.WaitQueue);
        }
    }
}
