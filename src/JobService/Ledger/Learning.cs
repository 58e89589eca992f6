using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>What a call has taught reaches the limits that it took, or its lane when it took none.</summary>
internal static class Learning
{
    /// <summary>The call is over: first what it has taught, while it is known what it took, then the limits that it held go back.</summary>
    /// <returns>The last lease handed out before that: claims from here on heed it.</returns>
    public static long Release(Turn turn, ClaimedJob job, CallLesson lesson)
    {
        if (turn.Memory.Running.TryGetValue(job.Lease, out var running))
            Heed(turn, running, lesson);
        // A rate's slot stays with the attempt: whether it comes back is known when it ends.
        if (job.HoldsLimits)
            Finishing.ReturnHold(turn, job.Lease);
        return turn.Leases.Last;
    }

    /// <summary>Lifts what a limit has learned: of one key, or of all.</summary>
    /// <returns>Whether it had learned anything; null when there is no such limit.</returns>
    public static bool? LiftLimit(Turn turn, string name, string? key)
    {
        if (!turn.Memory.Limits.ContainsKey(name))
            return null;
        var lifted = turn.Memory.Planner.Unlearn(name, key, turn.Now);
        turn.Touch(lifted);
        if (lifted.Count > 0)
            turn.Events?.Add(new StoreEvent(StoreEventKind.Limit, name, "lifted"));
        return lifted.Count > 0;
    }

    /// <summary>Lifts what the lanes of a queue have learned: of one key, or of all.</summary>
    /// <returns>Whether they had learned anything; null when there is no such queue.</returns>
    public static bool? LiftQueue(Turn turn, string name, string? key)
    {
        if (turn.Memory.FindQueue(name) is not { } queue)
            return null;
        turn.Definitions.ResumeLanes(queue.Id, key);
        var isLifted = turn.Memory.Planner.UnlearnLanes(name, key, turn.Now);
        if (isLifted)
            turn.Events?.Add(new StoreEvent(StoreEventKind.Queue, name, "lifted"));
        return isLifted;
    }

    private static void Heed(Turn turn, RunningJob running, CallLesson lesson)
    {
        var planner = turn.Memory.Planner;
        var queue = running.Queue;
        var hold = running.Hold;
        if (planner.Heed(queue.Entry.Name, running.Key, hold, running.StartedAt, lesson, turn.Now) is { } learned)
            turn.Definitions.PutLane(queue.Id, running.Key, learned);
        foreach (var (limit, weight) in lesson.TrueWeights ?? NoWeights)
            planner.Correct(hold, running.Key, limit, weight, turn.Now);
        turn.Touch(hold, running.Key);
    }

    private static readonly Dictionary<string, int> NoWeights = [];
}
