using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Why a queued job waits, from its own row and from where its lane stands.</summary>
internal static class Explaining
{
    public static Waiting Wait(
        LanePlanner planner, string queue, string key, int weight, IReadOnlyDictionary<string, int>? weights, int attempt, long? dueAt, long? parked, int? position,
        JobsAhead? ahead, long now)
    {
        var stand = planner.Explain(queue, key, weight, weights, ahead, now);
        if (stand.Reason == WaitReason.Paused)
            return new Waiting(WaitReason.Paused, Position: parked == Parked.InLane ? position : null);
        if (dueAt is { } due)
            return new Waiting(attempt == 0 ? WaitReason.Time : WaitReason.Retry, Until: new DateTimeOffset(due, TimeSpan.Zero));
        if (parked is { } line)
            return line == Parked.InLine ? new Waiting(WaitReason.Lock, Position: position) : new Waiting(WaitReason.Signal);
        return new Waiting(stand.Reason, stand.Limit, stand.Until is { } until ? new DateTimeOffset(until, TimeSpan.Zero) : null, position);
    }

    public static LimitStatus? Limit(Turn turn, string name, string? key)
    {
        if (!turn.Memory.Limits.TryGetValue(name, out var limit))
            return null;

        var planner = turn.Memory.Planner;
        var definition = limit.Entry.Definition;
        if (definition.Scope == LimitScope.PerKey && key is null)
            return OfAllKeys(planner.StatesOf(name), LimitState.For(definition), turn.Now, planner.StatesOf(name).Sum(planner.WaitingAt));
        return planner.FindState(name, key ?? "") is { } line
            ? Of(line.State, turn.Now, planner.WaitingAt(line))
            : Of(LimitState.For(definition), turn.Now, waiting: 0);
    }

    public static QueueLearned? Queue(Turn turn, string name, string? key) =>
        turn.Memory.FindQueue(name) is not null && turn.Memory.Planner.LearnedInLanes(name, key, turn.Now) is { Count: > 0 } lanes
            ? new QueueLearned(lanes.Count, lanes.Max(lane => lane.PausedUntil) is { } until ? At(until) : null, lanes.Min(lane => lane.Pace))
            {
                Remaining = lanes.Min(lane => lane.Remaining),
                RemainingUntil = lanes.MinBy(lane => lane.Remaining ?? long.MaxValue).RemainingUntil is { } end ? At(end) : null,
            }
            : null;

    private static LimitStatus Of(LimitState state, long now, long waiting)
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
    private static LimitStatus OfAllKeys(IReadOnlyCollection<LimitLine> states, LimitState untouched, long now, long waiting) =>
        new(states.Sum(line => line.State.Taken(now)), untouched.Available(now), NextFreeAt: null, waiting, PausedUntil: null) { Keys = states.Count };

    private static (long Remaining, long Until)? BudgetOf(LimitState state, long now) => state.WeightBudgetAt(now) ?? state.BudgetAt(now);

    private static DateTimeOffset At(long moment) => new(moment, TimeSpan.Zero);
}
