using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Ends a call: first its throttle feedback is applied to the limits that it took, or to its lane when it took none; then the limits that it held are released.</summary>
/// <param name="Lease">The lease of its attempt, which continues with the processing.</param>
/// <param name="HoldsLimits">The call holds limits that are released at its end. The slot of a rate stays with the attempt: its end shows whether it was used.</param>
/// <param name="Feedback">What the response says about the pace; null for nothing.</param>
internal sealed record ReleaseCall(long Lease, bool HoldsLimits, CallFeedback? Feedback) : Command<long>
{
    /// <summary>Held limits are released in memory only: there are no rows for them.</summary>
    public override bool ChangesRows => Feedback is not null;

    /// <returns>The last lease handed out before that: later claims respect the feedback.</returns>
    public override long Apply(Turn turn)
    {
        if (turn.Memory.Running.TryGetValue(Lease, out var running))
        {
            if (Feedback is not null)
                ApplyFeedback(turn, running, Feedback);
            if (HoldsLimits && running.Hold is { HasReturned: false } hold)
                turn.Memory.Planner.Return(hold, callWasMade: true, turn.Now);
        }

        return turn.Leases.Last;
    }

    private static void ApplyFeedback(Turn turn, RunningJob running, CallFeedback feedback)
    {
        var planner = turn.Memory.Planner;
        var queue = running.Queue;
        var hold = running.Hold;
        if (planner.ApplyFeedback(queue.Entry.Name, running.Key, hold, running.StartedAt, feedback, turn.Now) is { } learned)
            turn.Changes.Add(new DefinitionChange.LaneLearned(queue.Id, running.Key, learned));
        foreach (var (limit, weight) in feedback.TrueWeights ?? NoWeights)
            planner.Correct(hold, running.Key, limit, weight, turn.Now);
        turn.Touch(hold, running.Key);
    }

    private static readonly Dictionary<string, int> NoWeights = [];
}
