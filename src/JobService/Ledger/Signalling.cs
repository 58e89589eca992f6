namespace JobService.Ledger;

/// <summary>Releases jobs whose signal was set.</summary>
internal static class Signalling
{
    /// <summary>Jobs released in one turn: a million that wait for one signal must not delay everything else.</summary>
    private const int RowsPerTurn = 500;

    /// <summary>Releases a chunk of jobs; another turn follows while there are more.</summary>
    public static void Release(Turn turn)
    {
        var left = RowsPerTurn;
        foreach (var name in turn.Memory.Signals.Releasing.ToList())
        {
            var waiters = turn.Parked.Released(name, turn.Memory.Signals[name].SetCount, left);
            foreach (var job in waiters)
                turn.Changes.Add(new JobChange.Placed(job.Stamp, Entering.Enter(turn, turn.Memory.Queue(job.QueueId), job with { Signal = null }))); // also when it was cleared since

            if (waiters.Count < left)
                turn.Memory.Signals.EndRelease(name);
            left -= waiters.Count;
            if (left == 0)
                break;
        }

        turn.GoesOn |= turn.Memory.Signals.Releasing.Count > 0;
    }
}
