namespace JobService.Ledger;

/// <summary>Decides where a job waits when it is due: for its signal, then in the wait queue of its lock, then in its lane.</summary>
internal static class Placing
{
    /// <param name="turn">The turn.</param>
    /// <param name="queue">The job's queue.</param>
    /// <param name="job">The job.</param>
    /// <param name="ownLease">The lease that it gives up in this turn, if it comes from an attempt.</param>
    /// <returns>The new value of the column <c>parked</c>.</returns>
    public static long? Place(Turn turn, QueueRow queue, QueuedRow job, long? ownLease = null)
    {
        if (job.Signal is { } signal && turn.Memory.Signals.WaitFor(signal) is { } setCount)
        {
            turn.NewWaiters.Add(signal);
            return setCount;
        }

        var placed = job.Signal is null ? job : job with { Signal = null };
        if (job.Lock is not null && turn.Memory.Locks.TryJoin(job, ownLease))
        {
            turn.Joined.Add(placed);
            return Parked.InLockQueue;
        }

        EnterLane(turn, queue, placed);
        return Parked.InLane;
    }

    public static void EnterLane(Turn turn, QueueRow queue, QueuedRow job)
    {
        var isAlone = turn.Memory.Planner.Arrive(queue.Entry.Name, job.Key);
        turn.Memory.Heads.Enter(job, isAlone);
    }
}
