using JobService.Lanes;

namespace JobService.Ledger;

/// <summary>The first jobs of lanes in one round of planning. Jobs whose lock is held move to its wait queue, a limited number in each turn: thousands may have entered their lanes while the lock was free.</summary>
internal sealed class RoundHeads(Turn turn)
{
    private readonly List<(string Queue, string Key)> skippedLanes = [];
    private int moved;

    /// <summary>Has the first jobs of a lane read before the next round.</summary>
    public void Expect(string queue, string key) => turn.Memory.Heads.Expect((turn.Memory.FindQueue(queue)!.Id, key));

    /// <summary>The first jobs of a lane that are cached, at most that many. When this turn may move no more jobs, only those before the next one that would have to move.</summary>
    public FirstJobs First(string queue, string key, int atMost)
    {
        var first = turn.Memory.Heads.First((turn.Memory.FindQueue(queue)!.Id, key), atMost);
        if (moved < Locking.RowsPerTurn)
            return first;

        var wanted = new HashSet<string>();
        var heads = first.Jobs.Cast<QueuedRow>().ToList();
        var before = heads.FindIndex(head => head.Lock is { } name && (turn.Memory.Locks.IsHeld(name) || !wanted.Add(name)));
        if (before < 0)
            return first;
        skippedLanes.Add((queue, key));
        return new FirstJobs(heads[..before], HasMore: false);
    }

    /// <summary>Moves a job whose lock is held to the wait queue of the lock.</summary>
    /// <returns>False when it may start, as far as its lock is concerned.</returns>
    public bool MoveToLockQueue(QueuedRow head)
    {
        if (head.Lock is not { } name || !turn.Memory.Locks.IsHeld(name))
            return false;
        turn.Changes.Add(new JobChange.Placed(head.Stamp, Parked.InLockQueue));
        turn.Memory.Heads.Leave(head);
        turn.Memory.Locks.Join(head);
        moved++;
        return true;
    }

    /// <summary>The planner considers the skipped lanes empty: they are not, and the next turn continues with them.</summary>
    public void ReturnSkippedLanes()
    {
        foreach (var (queue, key) in skippedLanes)
            turn.Memory.Planner.Arrive(queue, key);
        turn.GoesOn |= skippedLanes.Count > 0;
    }
}
