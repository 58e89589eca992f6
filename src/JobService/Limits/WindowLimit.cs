namespace JobService.Limits;

/// <summary>Never more than the permits in any window: keeps the exact log of starts.</summary>
/// <remarks>
/// A weight may start at t when it fits together with everything that started in (t − P', t], where P' = period + L. A call that reaches the API up to L after its slot
/// is then a whole period before the calls that had to wait for it, however punctual they are. No slot is before the last one handed out, so the window that ends
/// with the new slot is the latest, and the content of all others is unchanged.
/// <para>A response gives more information: the API had counted the call before it. From then on the call is logged at L before its response, so that calls
/// that wait for it start one period after the response. At an API that responds within L no window holds more, whatever happens to the calls on the network.</para>
/// </remarks>
public sealed class WindowLimit : LimitState
{
    private const long MaxDelay = 250 * TimeSpan.TicksPerMillisecond;

    private long period;
    private long lateness;

    // Kept even after its entry was taken back: an earlier slot could miss entries that were already forgotten.
    private long lastSlot;
    private long farthest = long.MaxValue;

    // Both are null for an idle key.
    private StartLog? log;
    private List<long>? changed;

    private LateResponses times;

    // The permits before the limit last changed what it counts.
    private int convertedFrom;

    public WindowLimit(WindowDefinition definition)
        : base(definition) => Adopt(definition);

    public override bool HandsOutSlots => true;

    /// <summary>A third of L, which is 0.75 % of the period from 2 to 50 ms: from 1 to 17 ms.</summary>
    /// <remarks>
    /// The API counts arrivals in its window: the rest of L covers the difference in network delay between two calls. A slot that is given up costs
    /// nothing here, since it leaves the log.
    /// </remarks>
    public override TimeSpan StartWindow => new(Math.Max(lateness / 3, TimeSpan.TicksPerMillisecond));

    /// <summary>Up to 250 ms, but never so long that a slot one period later could have been handed out before it was known when this call started.</summary>
    public override TimeSpan LongestDelay => new(Math.Clamp(period - (2 * Reservation.FarthestAhead), 0, MaxDelay));

    /// <summary>Entries before this moment no longer matter and may be deleted from the store.</summary>
    public long OldestNeeded => log is { Count: > 0 } ? log.FirstAt : lastSlot;

    private protected override long TakenUntil => lastSlot;

    private protected override long OwnRestsAt => log is { Count: > 0 } ? lastSlot + period + lateness : lastSlot;

    private protected override long Period => period;

    private protected override bool LogsStarts => true;

    private protected override double TicksPerPermit => (double)period / Definition.Permits;

    /// <summary>Moments whose weight differs from what was last stored: the weight now, 0 for none.</summary>
    /// <remarks>Reading clears the list.</remarks>
    public IReadOnlyList<(long At, int Weight)> TakeChanges()
    {
        if (changed is not { Count: > 0 })
            return [];

        Tidy(changed);
        var changes = changed.ConvertAll(at => (at, log?.WeightAt(at) ?? 0));
        changed = null;
        return changes;
    }

    /// <summary>Restores one stored entry; in order of time, after <see cref="LimitState.Restore"/>.</summary>
    /// <remarks>An entry written by a clock ahead of ours counts as started now, not in the future.</remarks>
    public void RestoreStart(long at, int weight)
    {
        if (weight <= 0)
            return;

        log ??= new StartLog();
        var entered = Math.Max(log.LastAt, Math.Min(at, farthest));
        log.Add(entered, weight);
        lastSlot = Math.Max(lastSlot, entered);
        if (entered == at)
            return;
        Note(at);
        Note(entered);
    }

    public override long Taken(long now) => log?.WeightAfter(now - period - lateness) ?? 0;

    protected override long OwnEarliestAt(long from, int weight) => OwnEarliestAfter(from, 0, weight);

    /// <remarks>
    /// All units, logged and future, are numbered; unit n starts a period after unit n − permits, or at once. So the last unit of the job
    /// starts whole periods after a logged unit. A weight above the permits, accepted when there were more, waits for an empty log.
    /// </remarks>
    protected override long OwnEarliestAfter(long from, long ahead, int weight)
    {
        from = Math.Max(from, lastSlot);
        if (log is null && ahead == 0)
            return from;

        var permits = Definition.Permits;
        var wanted = ahead + Math.Min(weight, permits);
        var periods = (wanted + permits - 1) / permits;
        var leaves = log?.MomentOf(log.Total + wanted - (periods * permits)) + period + lateness;
        return (long)Int128.Min(Math.Max(from, leaves ?? 0) + ((Int128)(periods - 1) * (period + lateness)), Never);
    }

    protected override void OwnTake(long at, int weight)
    {
        lastSlot = Math.Max(lastSlot, at);
        Enter(weight);
    }

    /// <summary>Less weight in the log breaks no bound. The slot itself stays the last one.</summary>
    protected override void OwnTakeBack(long at, int weight)
    {
        if (log?.TakeOut(at, weight) == true)
            Note(at);
    }

    /// <summary>The entry moves to the actual start. Calls that wait for it are planned after that is known: <see cref="LongestDelay"/>.</summary>
    public override void Postpone(long at, int weight, long to)
    {
        if (to > at)
            MoveOn(at, to, weight);
    }

    public override bool Responded(long at, int weight, long now, CallTime? call = null)
    {
        var share = Math.Min(1, (double)weight / Definition.Permits);
        var ordinary = call is { } seen ? times.Learn(seen.Took, period, share) : 0;
        var to = now - lateness;
        if (to >= at)
        {
            if (call is not { } late)
                return false;

            // The unusual part of its duration may have passed before it was counted.
            var counted = Math.Min(late.EndedAt, now) - Math.Max(lateness, ordinary);
            return times.Spend(counted - at, period, share) is > 0 and var later && MoveOn(at, at + later, weight);
        }

        if (log?.MoveBack(at, to, weight) != true)
            return false;
        Note(at);
        Note(to);
        return true;
    }

    /// <remarks>
    /// An API with a sliding log that received a burst stretched over time reports after the first call of the next burst that hardly anything is left, together with the end of a whole window. It counts calls
    /// of ours that this log counts, too, and this log knows when they expire, if nobody else calls the API. An API with fixed windows counts none of them.
    /// </remarks>
    private protected override long ComesBack(long windowAt, long startedAt, long left)
    {
        if (log is null)
            return 0;
        var ofWindow = log.WeightAfter(windowAt - lateness - 1);
        var before = Math.Max(log.WeightAfter(startedAt - period - lateness) - ofWindow, 0);
        return Math.Clamp(Definition.Permits - left - ofWindow, 0, before);
    }

    /// <summary>The log holds the converted share of the call, as for all others; the API, which has yet to count it, counts its actual weight.</summary>
    private protected override void OwnRecount(long at, int before, int after)
    {
        if (convertedFrom > 0 && log?.Change(at, (int)((long)before * Definition.Permits / convertedFrom), after) == true)
            Note(at);
    }

    /// <summary>Up to now, or up to the last slot if that is later.</summary>
    protected override long OwnAvailable(long now) => Definition.Permits - Taken(now);

    /// <summary>Entries that have left the log block nothing.</summary>
    private protected override void Refund(long at, int taken, int weight, long now) => OwnTakeBack(at, weight);

    /// <summary>May exceed the permits: then nothing starts until it has left the window.</summary>
    private protected override void Charge(int weight, long now)
    {
        lastSlot = Math.Max(lastSlot, now);
        Enter(weight);
    }

    private protected override void OwnRestore(long takenUntil, long now)
    {
        farthest = now;
        lastSlot = Math.Max(lastSlot, Math.Min(takenUntil, now));
    }

    /// <remarks>
    /// The log is kept. With fewer permits, or a longer period, calls wait until enough has left it. Entries that a shorter period has dropped are unknown: the longer period
    /// applies to what is in the log and to new calls, so it holds without exception once it has passed.
    /// </remarks>
    private protected override bool Adopt(LimitDefinition definition, long now)
    {
        if (definition is not WindowDefinition window)
            return false;

        var (permits, counts) = (Definition.Permits, Definition.Counts);
        Adopt(window);
        if (window.Counts != counts)
            Convert(permits);
        return true;
    }

    /// <summary>The log contains weight of another kind. Only its share of the permits is known: that share stays used.</summary>
    private void Convert(int permitsBefore)
    {
        convertedFrom = permitsBefore;
        foreach (var at in log?.Scale(Definition.Permits, permitsBefore) ?? [])
            Note(at);
    }

    private void Adopt(WindowDefinition definition)
    {
        Definition = definition;
        period = Ticks(definition.PeriodSeconds);
        lateness = Math.Clamp(period * 3 / 400, 2 * TimeSpan.TicksPerMillisecond, 50 * TimeSpan.TicksPerMillisecond);
    }

    private bool MoveOn(long at, long to, int weight)
    {
        lastSlot = Math.Max(lastSlot, to);
        if (log?.MoveOn(at, to, weight) != true)
            return false;
        Note(at);
        Note(to);
        return true;
    }

    private void Enter(int weight)
    {
        log ??= new StartLog();
        log.Forget(lastSlot - period - lateness);
        log.Add(lastSlot, weight);
        Note(lastSlot);
    }

    // Without a store nobody reads the changes: they must not outgrow the log.
    private void Note(long at)
    {
        changed ??= [];
        if (changed.Count > 0 && changed[^1] == at)
            return;
        changed.Add(at);
        if (changed.Count > (2 * log!.Count) + 16)
            Tidy(changed);
    }

    private void Tidy(List<long> moments)
    {
        moments.Sort();
        var (kept, oldest) = (0, OldestNeeded);
        for (var i = 0; i < moments.Count; i++)
        {
            if (moments[i] >= oldest && (kept == 0 || moments[i] != moments[kept - 1]))
                moments[kept++] = moments[i];
        }

        moments.RemoveRange(kept, moments.Count - kept);
    }
}
