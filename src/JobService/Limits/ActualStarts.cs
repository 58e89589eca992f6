namespace JobService.Limits;

/// <summary>Remembers when calls of one rate really started, for calls whose slots were handed out before that was known. Pure: no clock, no lock.</summary>
/// <remarks>
/// A slot is handed out as if every earlier call started in its own slot. If earlier calls have started later, they delay it here: by GCRA over the actual starts, so that the
/// bound of the rate holds for them. What was known when the slot was handed out is already part of the slot, including everything given back by then, and is not counted again.
/// <para>Each start stores the resulting arrival, not only what it took: a call may be overtaken by one that was planned after it, and a call that knows only the second must
/// still respect what the second had to wait for.</para>
/// </remarks>
public sealed class ActualStarts
{
    /// <summary>In ticks: a call whose slot was handed out longer ago has started or has given it up. The farthest slot plus the longest delay, doubled.</summary>
    private const long Kept = 700 * TimeSpan.TicksPerMillisecond;

    private readonly List<Started> starts = [];

    /// <summary>True when nothing that is remembered still counts at a moment.</summary>
    public bool IsOver(long now) => starts.Count == 0 || starts[^1].At < now - Kept;

    /// <summary>The first moment at which a call may start whose slot takes account of the starts up to <paramref name="knowsUntil"/>.</summary>
    public long EarliestFor(long knowsUntil, StartPace pace) => ArrivalFor(knowsUntil) - pace.Ahead;

    /// <summary>A call has started.</summary>
    /// <param name="at">When it started; never before the last one.</param>
    /// <param name="countedAt">The start time it counts as: at most its start window earlier.</param>
    /// <param name="knowsUntil">Its slot takes account of the starts up to this time.</param>
    /// <param name="pace">What the start takes.</param>
    public void Add(long at, long countedAt, long knowsUntil, StartPace pace)
    {
        var arrival = Math.Max(ArrivalFor(knowsUntil), countedAt) + pace.Takes;
        if (starts.Count > 0 && starts[0].At < at - (2 * Kept))
            starts.RemoveRange(0, starts.FindIndex(start => start.At >= at - Kept) is var kept and >= 0 ? kept : starts.Count);
        starts.Add(new Started(at, pace.Takes, arrival));
    }

    /// <summary>From <paramref name="at"/> on it is known that a call that had started reached the API so late that it counts as started at <paramref name="countedAt"/>.</summary>
    public void Postpone(long at, long countedAt, StartPace pace) => starts.Add(new Started(at, 0, countedAt + pace.Takes));

    private long ArrivalFor(long knowsUntil)
    {
        var from = starts.Count;
        while (from > 0 && starts[from - 1].At >= knowsUntil)
            from--;
        var arrival = 0L;
        for (; from < starts.Count; from++)
            arrival = Math.Max(arrival + starts[from].Takes, starts[from].Arrival);
        return arrival;
    }

    private readonly record struct Started(long At, long Takes, long Arrival);
}
