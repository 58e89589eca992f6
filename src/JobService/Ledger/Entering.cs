namespace JobService.Ledger;

/// <summary>A queued job whose own time has come, with all that decides where it goes.</summary>
internal readonly record struct Arrival(long Stamp, long QueueId, string Key, int Priority, string? Lock = null, string? Signal = null)
{
    public (long QueueId, string Key) Lane => (QueueId, Key);
}

/// <summary>Where a job goes when its own time has come: to its signal, then to the line of its lock, then into its lane.</summary>
internal static class Entering
{
    /// <param name="turn">The turn.</param>
    /// <param name="queue">The job's queue.</param>
    /// <param name="job">The job.</param>
    /// <param name="ownLease">The lease that it gives up in this turn, if it comes from an attempt.</param>
    /// <returns>What its row is to say: the column <c>parked</c>.</returns>
    public static long? Enter(Turn turn, QueueRow queue, in Arrival job, long? ownLease = null)
    {
        if (job.Signal is { } signal && turn.Memory.Signals.WaitFor(signal) is { } setCount)
            return setCount;
        if (job.Lock is not null && turn.Memory.Locks.TakeAside(job, ownLease))
            return Parked.InLine;
        turn.Memory.Planner.Arrive(queue.Entry.Name, job.Key);
        return Parked.InLane;
    }
}
