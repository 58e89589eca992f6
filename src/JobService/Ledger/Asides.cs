namespace JobService.Ledger;

/// <summary>Jobs of one round that find their locks taken: so many came while a lock was free that their lanes are cleared of them in chunks.</summary>
internal sealed class Asides(Turn turn)
{
    private readonly List<(string Queue, string Key)> lanes = [];
    private int count;

    /// <summary>The first jobs of these lanes will be asked for.</summary>
    public void Expect(string queue, IEnumerable<string> keys)
    {
        var id = turn.Memory.FindQueue(queue)!.Id;
        turn.Memory.Heads.Expect(turn, keys.Select(key => (id, key)));
    }

    /// <summary>The first jobs of a lane, at most so many. When this turn has no time for more asides, only those before the next one.</summary>
    public IReadOnlyList<QueuedRow> Heads(string queue, string key, int atMost)
    {
        var heads = turn.Memory.Heads.First(turn, (turn.Memory.FindQueue(queue)!.Id, key), atMost);
        if (count < Locking.RowsPerTurn)
            return heads;

        var wanted = new HashSet<string>();
        var before = heads.FindIndex(head => head.Lock is { } name && (turn.Memory.Locks.IsHeld(name) || !wanted.Add(name)));
        if (before < 0)
            return heads;
        lanes.Add((queue, key));
        return heads[..before];
    }

    /// <summary>True when the job is in the wait queue of its lock now.</summary>
    public bool Take(QueuedRow head)
    {
        if (head.Lock is not { } name || !turn.Memory.Locks.IsHeld(name))
            return false;
        turn.Changes.Add(new JobChange.Placed(head.Stamp, Parked.InLine));
        turn.Memory.Heads.Leave(head);
        turn.Memory.Locks.Join(head);
        count++;
        return true;
    }

    /// <summary>The planner takes these lanes for empty, and they are not.</summary>
    public void ComeBack()
    {
        foreach (var (queue, key) in lanes)
            turn.Memory.Planner.Arrive(queue, key);
        turn.GoesOn |= lanes.Count > 0;
    }
}
