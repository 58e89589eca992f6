using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Storage.Sqlite;

/// <summary>Why a queued job waits, from its own row and from where its lane stands.</summary>
internal static class Explaining
{
    public static Waiting? Wait(StoreMemory memory, JobRead job, long now) =>
        job.State == JobState.Queued && memory.FindQueue(job.Queue) is not null
            ? Wait(memory.Planner, job.Queue, job.Key, job.Weight, job.Attempt, job.DueAt, job.Position, job.WeightAhead, now)
            : null;

    public static Waiting Wait(LanePlanner planner, string queue, string key, int weight, int attempt, long? dueAt, int? position, long? weightAhead, long now)
    {
        var stand = planner.Explain(queue, key, weight, weightAhead, now);
        if (stand.Reason == WaitReason.Paused)
            return new Waiting(WaitReason.Paused, Position: position);
        if (dueAt is { } due)
            return new Waiting(attempt == 0 ? WaitReason.Time : WaitReason.Retry, Until: new DateTimeOffset(due, TimeSpan.Zero));
        return new Waiting(stand.Reason, stand.Limit, stand.Until is { } until ? new DateTimeOffset(until, TimeSpan.Zero) : null, position);
    }

    public static LimitStatus? Limit(SqliteTurn turn, string name)
    {
        if (!turn.Memory.Limits.ContainsKey(name))
            return null;

        var line = turn.Memory.Planner.StateOf(name, key: "");
        var state = line.State;
        var next = state.EarliestAt(turn.Now, weight: 1);
        return new LimitStatus(
            state.Taken(turn.Now),
            state.Available(turn.Now),
            next > turn.Now && next < StoreMemory.Never ? new DateTimeOffset(next, TimeSpan.Zero) : null,
            (int)turn.Memory.Planner.WaitingAt(line),
            state.PausedUntil > turn.Now ? new DateTimeOffset(state.PausedUntil, TimeSpan.Zero) : null);
    }
}
