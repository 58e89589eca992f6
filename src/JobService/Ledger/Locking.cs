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
        if (row.Parked != Parked.InLockQueue)
        {
            turn.Memory.Locks.LeaveLane(row.Job, turn.Now);
            return;
        }

        turn.Memory.Locks.Leave(row.Lock, row.Job.Lane);
        turn.Joined.RemoveAll(job => job.Stamp == row.Id.Stamp);
    }

    /// <summary>Names the rows that <see cref="OfferFree"/> looks at, as far as they are known before the turn.</summary>
    public static void Want(Turn turn, Wanted wanted)
    {
        var left = RowsPerTurn;
        foreach (var tracked in turn.Memory.Locks.Due(turn.Now, RowsPerTurn))
        {
            foreach (var query in tracked.NextQueries(left))
            {
                wanted.Locks.Add(query);
                left--;
            }
        }
    }

    /// <summary>Releases the first jobs of the wait queues of free locks into their lanes, before the planner reads those.</summary>
    public static void OfferFree(Turn turn)
    {
        var locks = turn.Memory.Locks;
        for (var offers = 0; offers < RowsPerTurn && locks.NextToOffer(turn.Now) is { } tracked;)
            offers += Offer(turn, tracked, RowsPerTurn - offers);
    }

    private static int Offer(Turn turn, TrackedLock tracked, int atMost)
    {
        var queries = tracked.NextQueries(atMost).ToList();
        var isKnown = true;
        foreach (var query in queries)
        {
            if (First(turn, tracked, query) is { } job)
                Release(turn, tracked, job);
            else
                isKnown = false;
        }

        if (!isKnown)
        {
            turn.Memory.Locks.ScheduleOffer(tracked, turn.Now + 1); // the next turn asks for it
            return Math.Max(1, queries.Count);
        }

        tracked.Step *= 2;
        if (tracked.HasMoreToOffer)
            turn.Memory.Locks.ScheduleOffer(tracked, turn.Now + LockTable.Patience);
        else
            tracked.IsAsleep = true;
        return Math.Max(1, queries.Count);
    }

    /// <summary>The first job of a wait queue: of those that stood there before the turn, and those that have joined it since; null when it is not known.</summary>
    private static QueuedRow? First(Turn turn, TrackedLock tracked, LockQuery query)
    {
        var joined = turn.Joined.Where(job => job.Lock == tracked.Name && (query.Lane is null || query.Lane == job.Lane)).ToList();
        joined.Sort(QueuedRow.Compare);
        if (!IsKnown(turn, query, out var first))
        {
            var waiting = query.Lane is { } lane ? tracked.Waiting[lane] : tracked.Waiting.Values.Sum();
            return waiting == joined.Count ? joined[0] : null;
        }

        return first is null || (joined.Count > 0 && QueuedRow.Compare(joined[0], first) < 0) ? joined[0] : first;
    }

    /// <summary>The first of all is the first of its lane too.</summary>
    private static bool IsKnown(Turn turn, LockQuery query, out QueuedRow? first) =>
        turn.Fetched.TryGetWaiting(query, out first)
        || (query.Lane is { } lane && turn.Fetched.TryGetWaiting(query with { Lane = null }, out first) && (first is null || first.Lane == lane));

    private static void Release(Turn turn, TrackedLock tracked, QueuedRow job)
    {
        turn.Joined.Remove(job);
        turn.Changes.Add(new JobChange.Placed(job.Stamp, Parked.InLane));
        turn.Memory.Locks.Leave(tracked.Name, job.Lane);
        tracked.Offered.Add(job.Lane, job.Priority);
        Placing.EnterLane(turn, turn.Memory.Queue(job.QueueId), job);
    }
}
