using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger.Commands;

/// <summary>Finished to gone, oldest first, in chunks.</summary>
/// <param name="FinishedBefore">In ticks of store time.</param>
/// <param name="AtMost">Jobs, and as many batches.</param>
internal sealed record PruneJobs(long FinishedBefore, int AtMost) : Command<PruneStep>
{
    public override PruneStep Apply(Turn turn)
    {
        // A job that ended before that moment was made before it: the row number, which begins with the time, bounds the search.
        var newest = new DateTimeOffset(FinishedBefore, TimeSpan.Zero).ToUnixTimeMilliseconds() << JobId.CounterBits;
        var walks = turn.Memory.Walks;
        var (old, end) = turn.Prunes.Jobs(walks.Job, newest, FinishedBefore, AtMost, LooksForEach * AtMost);
        walks.Job = end;
        foreach (var (stamp, queueId, state, hasCallback) in old)
        {
            turn.Changes.Add(new JobChange.Deleted(stamp));
            if (hasCallback)
                turn.Changes.Add(new DeliveryChange.SubjectDeleted(stamp));
            turn.Memory.FindQueue(queueId)?.Leave(state);
        }

        turn.Changes.Add(new DeliveryChange.OldUrlsEnabled(FinishedBefore));
        var batches = turn.Prunes.Batches(FinishedBefore, AtMost);
        foreach (var (stamp, idempotency) in batches)
        {
            turn.Changes.Add(new BatchChange.Deleted(stamp, idempotency));
            turn.Changes.Add(new DeliveryChange.SubjectDeleted(stamp));
        }

        var deleted = Math.Max(Math.Max(old.Count, batches.Count), PruneStates(turn, AtMost));
        return new PruneStep(deleted, GoesOn: end > 0 || deleted == AtMost);
    }

    /// <summary>A store that was never restarted forgets them too: their rows, and what stands of them in memory.</summary>
    private static int PruneStates(Turn turn, int atMost)
    {
        turn.Memory.Planner.ForgetResting(turn.Now);
        var (walks, looks) = (turn.Memory.Walks, LooksForEach * atMost);
        var states = turn.Prunes.States(walks.State, looks);
        walks.State = states.Count < looks ? ("", "") : (states[^1].Limit, states[^1].Key);
        var resting = states.FindAll(state => state.Until < turn.Now - Rest.Ticks);
        turn.Changes.AddRange(resting.Select(state => new LimitStateChange.Deleted(state.Limit, state.Key)));

        var starts = turn.Prunes.Starts(walks.Start, looks);
        walks.Start = starts.Count < looks ? ("", "", 0) : starts[^1];
        var old = starts.FindAll(start => start.At < NeededSince(turn, start.Limit));
        turn.Changes.AddRange(old.Select(start => new LimitStateChange.StartDeleted(start.Limit, start.Key, start.At)));
        return Math.Min(atMost, Math.Max(resting.Count, old.Count));
    }

    private static long NeededSince(Turn turn, string limit) =>
        turn.Memory.Limits.GetValueOrDefault(limit)?.Entry.Definition is WindowDefinition window
            ? turn.Now - Rest.Ticks - TimeSpan.FromSeconds(window.PeriodSeconds).Ticks
            : long.MaxValue;

    /// <summary>Rows looked at for each that may be deleted: most are in use.</summary>
    private const int LooksForEach = 5;

    /// <summary>What nothing has touched for so long has come to rest; a limit that was slowed down has recovered by then.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(10);
}
