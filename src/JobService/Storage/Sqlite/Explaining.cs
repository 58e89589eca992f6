using JobService.Jobs;
using JobService.Lanes;

namespace JobService.Storage.Sqlite;

/// <summary>Why a queued job waits, from its own row and from where its lane stands.</summary>
internal static class Explaining
{
    public static Waiting? Wait(StoreMemory memory, JobRead job) =>
        job.State == JobState.Queued && memory.FindQueue(job.Queue) is not null
            ? Wait(memory.Planner, job.Queue, job.Key, job.Attempt, job.DueAt, job.Parked, job.Position)
            : null;

    public static Waiting Wait(LanePlanner planner, string queue, string key, int attempt, long? dueAt, long? parked, int? position)
    {
        var stand = planner.Explain(queue, key);
        if (stand.Reason == WaitReason.Paused)
            return new Waiting(WaitReason.Paused, Position: parked == ParkedRows.InLane ? position : null);
        if (dueAt is { } due)
            return new Waiting(attempt == 0 ? WaitReason.Time : WaitReason.Retry, Until: new DateTimeOffset(due, TimeSpan.Zero));
        if (parked is { } line)
            return line == ParkedRows.InLine ? new Waiting(WaitReason.Lock, Position: position) : new Waiting(WaitReason.Signal);
        return new Waiting(stand.Reason, stand.Limit, stand.Until is { } until ? new DateTimeOffset(until, TimeSpan.Zero) : null, position);
    }

    public static LimitStatus? Limit(SqliteTurn turn, string name)
    {
        if (!turn.Memory.Limits.ContainsKey(name))
            return null;

        var state = turn.Memory.Planner.Limit(name);
        var next = state.EarliestAt(turn.Now, weight: 1);
        return new LimitStatus(
            state.Taken(turn.Now),
            state.Available(turn.Now),
            next > turn.Now && next < StoreMemory.Never ? new DateTimeOffset(next, TimeSpan.Zero) : null,
            turn.Memory.Planner.WaitingAt(name),
            state.PausedUntil > turn.Now ? new DateTimeOffset(state.PausedUntil, TimeSpan.Zero) : null);
    }
}
