using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Storage.Sqlite;

/// <summary>Why a queued job waits, from its own row and from where its lane stands.</summary>
internal static class Explaining
{
    public static Waiting? Wait(StoreMemory memory, JobRead job) =>
        job.State == JobState.Queued && memory.FindQueue(job.Queue) is not null
            ? Wait(memory.Planner, job.Queue, job.Key, job.Attempt, job.DueAt, job.Position)
            : null;

    public static Waiting Wait(LanePlanner planner, string queue, string key, int attempt, long? dueAt, int? position)
    {
        var stand = planner.Explain(queue, key);
        if (stand.Reason == WaitReason.Paused)
            return new Waiting(WaitReason.Paused, Position: position);
        if (dueAt is { } due)
            return new Waiting(attempt == 0 ? WaitReason.Time : WaitReason.Retry, Until: new DateTimeOffset(due, TimeSpan.Zero));
        return new Waiting(stand.Reason, stand.Limit, stand.Until is { } until ? new DateTimeOffset(until, TimeSpan.Zero) : null, position);
    }

    public static LimitStatus? Limit(SqliteTurn turn, string name, string? key)
    {
        if (!turn.Memory.Limits.TryGetValue(name, out var limit))
            return null;

        var planner = turn.Memory.Planner;
        return limit.Entry.Definition.Scope == LimitScope.PerKey && key is null
            ? OfAllKeys([planner.Limit(name)], LimitState.For(limit.Entry.Definition), turn.Now, planner.WaitingAt(name))
            : Of(planner.Limit(name), turn.Now, planner.WaitingAt(name));
    }

    private static LimitStatus Of(LimitState state, long now, int waiting)
    {
        var next = state.EarliestAt(now, weight: 1);
        var budget = BudgetOf(state, now);
        return new LimitStatus(
            state.Taken(now),
            state.Available(now),
            next > now && next < StoreMemory.Never ? At(next) : null,
            waiting,
            state.PausedUntil > now ? At(state.PausedUntil) : null)
        {
            Factor = state.FactorAt(now) is < 1 and var factor ? factor : null,
            Remaining = budget?.Remaining,
            RemainingUntil = budget is var (_, until) ? At(until) : null,
        };
    }

    /// <summary>What keys hold adds up; when the next permit is free, and what was learned, is a matter of each.</summary>
    private static LimitStatus OfAllKeys(IReadOnlyCollection<LimitState> states, LimitState untouched, long now, int waiting) =>
        new(states.Sum(state => state.Taken(now)), untouched.Available(now), NextFreeAt: null, waiting, PausedUntil: null) { Keys = states.Count };

    private static (long Remaining, long Until)? BudgetOf(LimitState state, long now) => null;

    private static DateTimeOffset At(long moment) => new(moment, TimeSpan.Zero);
}
