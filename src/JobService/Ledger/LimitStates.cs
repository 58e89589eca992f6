using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Writes the state of a limit.</summary>
internal static class LimitStates
{
    private static readonly StoredLimit AsNew = new(0, 0, 1, 0, 0);

    public static void Write(Turn turn, LimitWaitQueue waitQueue)
    {
        var limit = waitQueue.Limit.Name;
        if (waitQueue.State is WindowLimit window)
            turn.Changes.Add(new LimitStateChange.Logged(limit, waitQueue.Key, window.TakeChanges(), window.OldestNeeded));

        // A state that equals a new one needs no row, unless it already has one.
        var stored = waitQueue.State.ToStored();
        if (stored == AsNew && !waitQueue.IsStored)
            return;
        waitQueue.IsStored = true;
        turn.Changes.Add(new LimitStateChange.Put(limit, waitQueue.Key, stored));
    }
}
