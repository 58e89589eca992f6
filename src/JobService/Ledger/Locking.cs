namespace JobService.Ledger;

/// <summary>Takes and frees locks, and advances their wait queues.</summary>
internal static class Locking
{
    /// <summary>Rows per turn: a long wait queue must not delay everything else.</summary>
    public const int RowsPerTurn = 500;

    public static void Free(Turn turn, RunningJob running)
    {
        if (running.Job.Lock is { } name)
            turn.Memory.Locks.Free(name, turn.Now);
    }

    /// <summary>A queued job was cancelled, in the wait queue or in its lane: others may move up.</summary>
    public static void Leave(Turn turn, JobRow row)
    {
        if (row.Lock is null)
            return;
        if (row.Parked == Parked.InLine)
            turn.Memory.Locks.Leave(row.Lock, row.Job.Lane);
        else
            turn.Memory.Locks.LeaveLane(row.Job, turn.Now);
    }

    /// <summary>Releases the first jobs of the wait queues of free locks into their lanes, before the planner reads those.</summary>
    public static void OfferFree(Turn turn)
    {
        var locks = turn.Memory.Locks;
        for (var offers = 0; offers < RowsPerTurn && locks.NextToOffer(turn.Now) is { } line;)
            offers += Offer(turn, line, RowsPerTurn - offers);
    }

    private static int Offer(Turn turn, LockLine line, int atMost)
    {
        var lanes = line.Offered.Count == 0
            ? [turn.Rows.Parked.FirstOfLine(line.Name)]
            : line.Waiting.Keys.Where(lane => !line.Offered.ContainsKey(lane)).Take(Math.Min(line.Step, atMost))
                .Select(lane => turn.Rows.Parked.FirstOfLane(line.Name, lane)).ToList();
        foreach (var job in lanes)
        {
            turn.Changes.Add(new JobChange.Placed(job.Stamp, Parked.InLane));
            turn.Memory.Locks.Leave(line.Name, job.Lane);
            line.Offered.Add(job.Lane, job.Priority);
            turn.Memory.Heads.Enter(job);
            turn.Memory.Planner.Arrive(turn.Memory.Queue(job.QueueId).Entry.Name, job.Key);
        }

        line.Step *= 2;
        if (line.HasMoreToOffer)
            turn.Memory.Locks.LookAgain(line, turn.Now + LockTable.Patience);
        else
            line.IsAsleep = true;
        return Math.Max(1, lanes.Count);
    }
}
