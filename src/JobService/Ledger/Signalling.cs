using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>Releases jobs whose signal was set.</summary>
internal static class Signalling
{
    /// <summary>Releases the fetched jobs; another turn follows while there are more.</summary>
    public static void Release(Turn turn)
    {
        var signals = turn.Memory.Signals;
        foreach (var released in turn.Fetched.Released)
        {
            foreach (var stamp in released.Jobs)
            {
                // Another command of the turn may have changed it.
                if (turn.Fetched.Job(stamp) is { State: JobState.Queued, Parked: > Parked.InLockQueue } row && row.Job.Signal == released.Signal && row.Parked <= released.SetCount)
                    turn.Changes.Add(new JobChange.Placed(stamp, Placing.Place(turn, turn.Memory.Queue(row.QueueId), row.Job with { Signal = null }))); // even if the signal was cleared since
            }

            // Jobs that have begun to wait in this turn, or before the signal was set again, were not fetched.
            if (released.IsAll && signals[released.Signal].SetCount == released.SetCount && !turn.NewWaiters.Contains(released.Signal))
                signals.EndRelease(released.Signal);
        }

        turn.GoesOn |= signals.Releasing.Count > 0;
    }
}
