using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger.Commands;

/// <summary>Deletes finished jobs, oldest first, in chunks.</summary>
/// <param name="FinishedBefore">In ticks of store time.</param>
/// <param name="AtMost">Jobs, and as many batches.</param>
internal sealed record PruneJobs(long FinishedBefore, int AtMost) : Command<PruneStep>
{
    public override void Want(Wanted wanted, LedgerMemory memory)
    {
        // A job that ended before that moment was created before it: the row number begins with the time, so it bounds the search.
        var newest = new DateTimeOffset(FinishedBefore, TimeSpan.Zero).ToUnixTimeMilliseconds() << JobId.CounterBits;
        wanted.Prune ??= new PruneQuery(memory.Walks, newest, FinishedBefore, AtMost, RowsReadForEach * AtMost);
    }

    public override PruneStep Apply(Turn turn)
    {
        if (turn.Fetched.Prune is not { } found)
            return new PruneStep(Deleted: 0, GoesOn: true); // another command of the turn has made this step
        turn.Fetched.Prune = null;
        turn.Memory.Walks.Job = found.JobsEnd;
        foreach (var job in found.Jobs.Where(job => IsStillOld(turn, job)))
        {
            turn.Changes.Add(new JobChange.Deleted(job.Stamp));
            if (job.HasCallback)
                turn.Changes.Add(new DeliveryChange.SubjectDeleted(job.Stamp));
            Leave(turn, job);
        }

        turn.Changes.Add(new DeliveryChange.OldUrlsEnabled(FinishedBefore));
        foreach (var (stamp, idempotency) in found.Batches.Where(batch => turn.Batches.Changing(batch.Stamp) is null && !HasPendingDelivery(turn, batch.Stamp)))
        {
            turn.Changes.Add(new BatchChange.Deleted(stamp, idempotency));
            turn.Changes.Add(new DeliveryChange.SubjectDeleted(stamp));
        }

        var deleted = Math.Max(Math.Max(found.Jobs.Count, found.Batches.Count), PruneStates(turn, found, AtMost));
        return new PruneStep(deleted, GoesOn: found.JobsEnd > 0 || deleted == AtMost);
    }

    /// <summary>False when another command of the turn has requeued it or a job of its batch, or has requested its delivery again.</summary>
    private static bool IsStillOld(Turn turn, OldJob job) =>
        turn.Fetched.JobIfNamed(job.Stamp) is not { State: JobState.Queued or JobState.Running }
        && (job.Batch is not { } batch || turn.Batches.Changing(batch) is not { FinishedAt: null })
        && !(job.HasCallback && HasPendingDelivery(turn, job.Stamp));

    private static bool HasPendingDelivery(Turn turn, long subject) => turn.Fetched.Deliveries.Any(delivery => delivery.Subject == subject && delivery.State == DeliveryState.Pending);

    private static void Leave(Turn turn, OldJob job)
    {
        if (turn.Memory.FindQueue(job.QueueId) is { } queue)
            queue.Leave(job.State);
        else if (turn.Fetched.Retired(job.QueueId) is { } retired)
            retired.Jobs[(int)job.State]--;
    }

    /// <summary>Deletes the rows of idle limit states, and forgets them in memory: otherwise a store that is never restarted would keep them.</summary>
    private static int PruneStates(Turn turn, PruneFound found, int atMost)
    {
        turn.Memory.Planner.ForgetResting(turn.Now);
        var (walks, maxRows) = (turn.Memory.Walks, RowsReadForEach * atMost);
        walks.State = found.States.Count < maxRows ? ("", "") : (found.States[^1].Limit, found.States[^1].Key);
        var resting = found.States.FindAll(state => state.Until < turn.Now - Rest.Ticks);
        resting.ForEach(state => turn.Changes.Add(new LimitStateChange.Deleted(state.Limit, state.Key)));

        walks.Start = found.Starts.Count < maxRows ? ("", "", 0) : found.Starts[^1];
        var old = found.Starts.FindAll(start => start.At < NeededSince(turn, start.Limit));
        old.ForEach(start => turn.Changes.Add(new LimitStateChange.StartDeleted(start.Limit, start.Key, start.At)));
        return Math.Min(atMost, Math.Max(resting.Count, old.Count));
    }

    private static long NeededSince(Turn turn, string limit) =>
        turn.Memory.Limits.GetValueOrDefault(limit)?.Entry.Definition is WindowDefinition window
            ? turn.Now - Rest.Ticks - TimeSpan.FromSeconds(window.PeriodSeconds).Ticks
            : long.MaxValue;

    /// <summary>Rows read for each one that may be deleted: most are in use.</summary>
    private const int RowsReadForEach = 5;

    /// <summary>A state that has not changed for this long is idle; a limit that was slowed down has recovered by then.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(10);
}
