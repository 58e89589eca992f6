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
        var (old, isEnd) = turn.Prunes.Old(newest, FinishedBefore, AtMost, LooksForEach * AtMost);
        foreach (var (stamp, queueId, state, hasCallback) in old)
        {
            turn.Prunes.Delete(stamp);
            if (hasCallback)
                turn.Deliveries.Delete(stamp);
            turn.Memory.FindQueue(queueId)?.Leave(state);
        }

        turn.Deliveries.EnableOld(FinishedBefore);
        var batches = turn.Prunes.DeleteBatches(FinishedBefore, AtMost);
        batches.ForEach(turn.Deliveries.Delete);
        var deleted = Math.Max(Math.Max(old.Count, batches.Count), PruneStates(turn, AtMost));
        return new PruneStep(deleted, GoesOn: !isEnd || deleted == AtMost);
    }

    /// <summary>A store that was never restarted forgets them too: their rows, and what stands of them in memory.</summary>
    private static int PruneStates(Turn turn, int atMost)
    {
        turn.Memory.Planner.ForgetResting(turn.Now);
        var states = turn.Resting.DeleteStates(turn.Now - Rest.Ticks, LooksForEach * atMost);
        var starts = turn.Resting.DeleteStarts(limit => NeededSince(turn, limit), LooksForEach * atMost);
        return Math.Min(atMost, Math.Max(states, starts));
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
