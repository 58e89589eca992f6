namespace JobService.Limits;

/// <summary>Several limits for one job: all at once or none. Allocates nothing.</summary>
public static class Reservation
{
    /// <summary>The longest time, in ticks, that a store hands out a slot ahead: 100 ms.</summary>
    public const long FarthestAhead = 100 * TimeSpan.TicksPerMillisecond;

    /// <summary>The first moment, not before <paramref name="from"/>, at which <em>all</em> limits allow what the job takes of them; or <see cref="LimitState.Never"/>.</summary>
    /// <param name="limits">In the order in which a job waits for them: its own <c>perKey</c> states first.</param>
    /// <param name="weights">What the job takes of each of them.</param>
    /// <param name="from">No slot is before this moment.</param>
    /// <param name="binding">Index of the limit that allows last: where to wait. -1 when all allow at <paramref name="from"/>.</param>
    public static long Earliest(ReadOnlySpan<LimitState> limits, ReadOnlySpan<int> weights, long from, out int binding)
    {
        binding = -1;
        var at = from;
        bool moved;
        do
        {
            // A limit that allowed an earlier moment may refuse a later one required by another limit: repeat until no limit moves it.
            moved = false;
            for (var i = 0; i < limits.Length; i++)
            {
                var allowed = limits[i].EarliestAt(at, weights[i]);
                if (allowed > at)
                {
                    (at, binding, moved) = (allowed, i, true);
                    if (at == LimitState.Never)
                        return at;
                }
            }
        }
        while (moved);

        return at;
    }

    /// <summary>Takes from every limit what the job takes of it, at a moment that <see cref="Earliest"/> named.</summary>
    public static void Take(ReadOnlySpan<LimitState> limits, ReadOnlySpan<int> weights, long at)
    {
        for (var i = 0; i < limits.Length; i++)
            limits[i].Take(at, weights[i]);
    }

    /// <summary>How late a call under these limits may start; null when none hands out slots and it may start at any time.</summary>
    public static TimeSpan? StartWindow(ReadOnlySpan<LimitState> limits)
    {
        TimeSpan? shortest = null;
        foreach (var limit in limits)
        {
            if (limit.HandsOutSlots && (shortest is null || limit.StartWindow < shortest))
                shortest = limit.StartWindow;
        }

        return shortest;
    }

    /// <summary>How much later than that it may start because later calls are postponed.</summary>
    public static TimeSpan LongestDelay(ReadOnlySpan<LimitState> limits)
    {
        var shortest = TimeSpan.MaxValue;
        foreach (var limit in limits)
            shortest = limit.LongestDelay < shortest ? limit.LongestDelay : shortest;
        return shortest;
    }
}
