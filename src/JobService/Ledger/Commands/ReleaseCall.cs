using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>A call is over: first what it has taught reaches the limits that it took, or its lane when it took none, while it is known what it took; then the limits that it held go back.</summary>
/// <param name="Lease">Of its attempt, which goes on with its processing.</param>
/// <param name="HoldsLimits">Limits end with the call. A rate's slot stays with the attempt: whether it comes back is known when it ends.</param>
/// <param name="Feedback">What the response says about the pace; null for nothing.</param>
internal sealed record ReleaseCall(long Lease, bool HoldsLimits, CallFeedback? Feedback) : Command<long>
{
    /// <summary>Limits that were held are free in memory, and their rows know nothing of it.</summary>
    public override bool ChangesRows => Feedback is not null;

    /// <returns>The last lease handed out before that: claims from here on heed it.</returns>
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
