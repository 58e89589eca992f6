using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger.Questions;

/// <summary>The state of a limit; null when there is no such limit.</summary>
/// <param name="Name">The limit.</param>
/// <param name="Key">Of one key; null for all.</param>
internal sealed record LimitStanding(string Name, string? Key) : Question<LimitStatus?>
{
    public override LimitStatus? Answer(LedgerMemory memory, long now)
    {
        if (!memory.Limits.TryGetValue(Name, out var limit))
            return null;

        var planner = memory.Planner;
        var definition = limit.Entry.Definition;
        if (definition.Scope == LimitScope.PerKey && Key is null)
            return OfAllKeys(planner.StatesOf(Name), LimitState.For(definition), now, planner.StatesOf(Name).Sum(planner.WaitingAt));
        return planner.FindState(Name, Key ?? "") is { } waitQueue
            ? Of(waitQueue.State, now, planner.WaitingAt(waitQueue))
            : Of(LimitState.For(definition), now, waiting: 0);
    }

    private static LimitStatus Of(LimitState state, long now, long waiting)
    {
        var next = state.EarliestAt(now, weight: 1);
        var budget = BudgetOf(state, now);
        return new LimitStatus(
            state.Taken(now),
            state.Available(now),
            next > now && next < LedgerMemory.Never ? At(next) : null,
            waiting,
            state.PausedUntil > now ? At(state.PausedUntil) : null)
        {
            Factor = state.FactorAt(now) is < 1 and var factor ? factor : null,
            Remaining = budget?.Remaining,
            RemainingUntil = budget is var (_, until) ? At(until) : null,
        };
    }

    /// <summary>The sum of what the keys hold; the next free permit and what was learned differ from key to key.</summary>
    private static LimitStatus OfAllKeys(IReadOnlyCollection<LimitWaitQueue> states, LimitState untouched, long now, long waiting) =>
        new(states.Sum(waitQueue => waitQueue.State.Taken(now)), untouched.Available(now), NextFreeAt: null, waiting, PausedUntil: null) { Keys = states.Count };

    private static (long Remaining, long Until)? BudgetOf(LimitState state, long now) => state.WeightBudgetAt(now) ?? state.BudgetAt(now);

    private static DateTimeOffset At(long moment) => new(moment, TimeSpan.Zero);
}
