using JobService.Jobs;

namespace JobService.Storage.Sqlite;

/// <summary>What a call has taught reaches the limits that it took, or its lane when it took none.</summary>
internal static class Learning
{
    /// <summary>The call is over: first what it has taught, while it is known what it took, then the limits that it held go back.</summary>
    public static bool Release(SqliteTurn turn, ClaimedJob job, CallLesson lesson)
    {
        if (turn.Memory.Running.TryGetValue(job.Lease, out var running))
            Heed(turn, running, lesson);
        // A rate's slot stays with the attempt: whether it comes back is known when it ends.
        return job.HoldsLimits && Finishing.ReturnHold(turn, job.Lease);
    }

    private static void Heed(SqliteTurn turn, RunningJob running, CallLesson lesson)
    {
        var planner = turn.Memory.Planner;
        var queue = running.Queue;
        if (planner.Heed(queue.Entry.Name, running.Key, running.Hold, running.StartedAt, lesson, turn.Now) is { } until)
            turn.Definitions.PauseLane(queue.Id, running.Key, until);
        if (running.Hold is not { } hold)
            return;

        foreach (var (limit, weight) in lesson.TrueWeights ?? NoWeights)
            planner.Correct(hold, running.Key, limit, weight, turn.Now);
        turn.Touch(hold, running.Key);
    }

    private static readonly Dictionary<string, int> NoWeights = [];
}
