using JobService.Jobs;

namespace JobService.Storage.Sqlite;

/// <summary>What a call has taught reaches the limits that it took, or its lane when it took none.</summary>
internal static class Learning
{
    /// <summary>The call is over: first what it has taught, while it is known what it took, then the limits that it held go back.</summary>
    public static bool Release(SqliteTurn turn, ClaimedJob job, CallLesson lesson)
    {
        if (turn.Memory.Running.TryGetValue(job.Lease, out var running))
            Heed(turn, running, job.Key, lesson);
        // A rate's slot stays with the attempt: whether it comes back is known when it ends.
        return job.HoldsLimits && Finishing.ReturnHold(turn, job.Lease);
    }

    private static void Heed(SqliteTurn turn, RunningJob running, string key, CallLesson lesson)
    {
        if (MomentOf(lesson, turn.Now) is not { } until)
            return;

        var queue = running.Queue;
        if (lesson.CircuitOpen)
            turn.Memory.Planner.PauseLane(queue.Entry.Name, key, until);
        else if (turn.Memory.Planner.Pause(queue.Entry.Name, key, until))
            turn.Definitions.PauseLane(queue.Id, key, until);
        else
            turn.TouchedLimits.UnionWith(queue.Entry.Definition.Limits);
    }

    private static long? MomentOf(CallLesson lesson, long now) => lesson switch
    {
        { NotBefore: { } told } => told.UtcTicks,
        { Refused: true } => now + CallLesson.WaitWithoutMoment.Ticks,
        { Budget: { Remaining: 0, Until: var until } } => until.UtcTicks,
        _ => null,
    };
}
