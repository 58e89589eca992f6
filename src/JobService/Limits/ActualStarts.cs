namespace JobService.Limits;

/// <summary>When calls of one rate have really started, for those that were given their slots before it was known. Pure: no clock, no lock.</summary>
/// <remarks>
/// A slot is handed out as if every call before it started in its own. Those that have started later since hold it back here: by GCRA over the starts as they were, so that the
/// bound of the rate holds for these. What was known when the slot was handed out stands in the slot already, with all that has been given back meanwhile, and counts no more.
/// <para>Each start keeps the arrival that it led to, and not only what it took: a call may be overtaken by one that was planned after it, and who knows of the second alone must
/// not forget what it went behind.</para>
/// </remarks>
public sealed class ActualStarts
{
    /// <summary>Whoever was given a slot so long ago has started or given it up, in ticks: the farthest slot, the longest delay, and as much again.</summary>
    private const long Kept = 700 * TimeSpan.TicksPerMillisecond;

    private readonly List<Started> starts = [];

    /// <summary>Nothing is remembered that still counts at a moment.</summary>
    public bool IsOver(long now) => starts.Count == 0 || starts[^1].At < now - Kept;

    /// <summary>The first moment at which a call may start that was given its slot at <paramref name="plannedAt"/>.</summary>
    public long EarliestFor(long plannedAt, StartPace pace) => ArrivalFor(plannedAt) - pace.Ahead;

    /// <summary>A call has started.</summary>
    /// <param name="at">When; never before the last one.</param>
    /// <param name="countedAt">What it counts as: no more than its start window before that.</param>
    /// <param name="plannedAt">When it was given its slot.</param>
    /// <param name="pace">What it takes.</param>
    public void Add(long at, long countedAt, long plannedAt, StartPace pace)
    {
        var arrival = Math.Max(ArrivalFor(plannedAt), countedAt) + pace.Takes;
        if (starts.Count > 0 && starts[0].At < at - (2 * Kept))
            starts.RemoveRange(0, starts.FindIndex(start => start.At >= at - Kept) is var kept and >= 0 ? kept : starts.Count);
        starts.Add(new Started(at, pace.Takes, arrival));
    }

    /// <summary>A call that had started is known, from <paramref name="at"/> on, to have come so late that it counts as started at <paramref name="countedAt"/>.</summary>
    public void Postpone(long at, long countedAt, StartPace pace) => starts.Add(new Started(at, 0, countedAt + pace.Takes));

    private long ArrivalFor(long plannedAt)
    {
        var from = starts.Count;
        while (from > 0 && starts[from - 1].At >= plannedAt)
            from--;
        var arrival = 0L;
        for (; from < starts.Count; from++)
            arrival = Math.Max(arrival + starts[from].Takes, starts[from].Arrival);
        return arrival;
    }

    private readonly record struct Started(long At, long Takes, long Arrival);
}
