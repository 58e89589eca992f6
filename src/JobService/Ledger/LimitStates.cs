using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>What is written of a limit's state.</summary>
internal static class LimitStates
{
    private static readonly StoredLimit AsNew = new(0, 0, 1, 0, 0);

    public static void Write(Turn turn, LimitLine line)
    {
        var limit = line.Limit.Name;
        if (line.State is WindowLimit window)
            turn.Changes.Add(new LimitStateChange.Logged(limit, line.Key, window.TakeChanges(), window.OldestNeeded));

        // What is as if new needs no row, unless one says otherwise.
        var stored = line.State.ToStored();
        if (stored == AsNew && !line.IsStored)
            return;
        line.IsStored = true;
        turn.Changes.Add(new LimitStateChange.Put(limit, line.Key, stored));
    }
}
