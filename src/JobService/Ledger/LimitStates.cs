using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Writes the states of limits.</summary>
/// <remarks>
/// A key's rate that is paid back soon needs no row of its own: the latest of these moments, in one row of the limit, holds for all of them. After a crash such a key waits until then, at the most for
/// <see cref="SharesRow"/>, instead of for its own moment: never too short.
/// </remarks>
internal static class LimitStates
{
    /// <summary>The key of that row: no job can have it, since a key has no control character.</summary>
    public const string CommonKey = "\n";

    /// <summary>How far ahead such a moment may lie: no longer than it takes until the file is opened again after a failure.</summary>
    public const long SharesRow = TimeSpan.TicksPerSecond;

    private static readonly StoredLimit AsNew = StoredLimit.TakenBy(0);

    public static void Write(Turn turn, IEnumerable<LimitWaitQueue> states)
    {
        var raised = new HashSet<NamedLimit>();
        foreach (var waitQueue in states)
        {
            if (waitQueue.Limit.IsRetired)
                continue;
            var stored = waitQueue.State.ToStored();
            if (!waitQueue.IsStored && IsPaidBackSoon(waitQueue, stored, turn.Now))
            {
                if (waitQueue.Limit.RaiseCommon(stored.TakenUntil))
                    raised.Add(waitQueue.Limit);
            }
            else
                Write(turn, waitQueue, stored);
        }

        foreach (var limit in raised)
            WriteCommon(turn, limit);
    }

    public static void WriteCommon(Turn turn, NamedLimit limit) =>
        turn.Changes.Add(new LimitStateChange.Put(limit.Name, CommonKey, StoredLimit.TakenBy(limit.CommonUntil)));

    private static bool IsPaidBackSoon(LimitWaitQueue waitQueue, in StoredLimit stored, long now) =>
        waitQueue is { Limit.IsPerKey: true, State: RateLimit } && stored.TakenUntil <= now + SharesRow && stored with { TakenUntil = 0 } == AsNew;

    private static void Write(Turn turn, LimitWaitQueue waitQueue, in StoredLimit stored)
    {
        var limit = waitQueue.Limit.Name;
        if (waitQueue.State is WindowLimit window)
            turn.Changes.Add(new LimitStateChange.Logged(limit, waitQueue.Key, window.TakeChanges(), window.OldestNeeded));

        // A state that equals a new one needs no row, unless it already has one.
        if (stored == AsNew && !waitQueue.IsStored)
            return;
        waitQueue.IsStored = true;
        turn.Changes.Add(new LimitStateChange.Put(limit, waitQueue.Key, stored));
    }
}
