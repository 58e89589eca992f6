namespace JobService.Limits;

/// <summary>Never more in any window: the exact log of what started when.</summary>
/// <remarks>
/// A weight may go at t when it fits together with all that started in (t − P', t], where P' = period + L. A call that reaches the API up to L behind its slot
/// then lies a whole period before what had to wait for it, however punctual that is. No slot lies before the last one handed out, so the window that ends
/// with the new slot is the newest there is, and all others hold what they held.
/// <para>An answer says more: the API had counted the call when it came. From then on the call stands in the log as if L before its answer, so that what
/// waits for it goes a period behind the answer. At an API that answers within L no window holds more, whatever happens to the calls on their way.</para>
/// </remarks>
public sealed class WindowLimit : LimitState
{
    private const long MaxDelay = 250 * TimeSpan.TicksPerMillisecond;

    private long period;
    private long lateness;

    // Kept after its entry was taken back: what was forgotten for its sake must not be missed by an earlier slot.
    private long lastSlot;
    private long farthest = long.MaxValue;

    // An idle key owns neither.
    private StartLog? log;
    private List<long>? changed;

    private LateAnswers times;

    // The permits before the limit counted something else for the last time.
    private int convertedFrom;

    public WindowLimit(WindowDefinition definition)
        : base(definition) => Adopt(definition);

    public override bool HandsOutSlots => true;

    /// <summary>A third of L, which is 0.75 % of the period from 2 to 50 ms: from 1 to 17 ms.</summary>
    /// <remarks>
    /// The window is the API's, which counts arrivals: the rest of L is for the difference that the wire makes between two calls. A slot that is given up costs
    /// nothing here, since it leaves the log.
    /// </remarks>
    public override TimeSpan StartWindow => new(Math.Max(lateness / 3, TimeSpan.TicksPerMillisecond));

    /// <summary>Up to 250 ms, but never so long that a slot could have been handed out behind this one, a period later, before it was known when the call has started.</summary>
    public override TimeSpan LongestDelay => new(Math.Clamp(period - (2 * Reservation.FarthestAhead), 0, MaxDelay));

    /// <summary>Nothing before this moment matters any more: stored entries may be deleted.</summary>
    public long OldestNeeded => log is { Count: > 0 } ? log.FirstAt : lastSlot;

    private protected override long TakenUntil => lastSlot;

    private protected override long OwnRestsAt => log is { Count: > 0 } ? lastSlot + period + lateness : lastSlot;

    private protected override long Period => period;

    private protected override bool LogsStarts => true;

    private protected override double TicksPerPermit => (double)period / Definition.Permits;

    /// <summary>Moments whose weight differs from what was last stored: the weight now, 0 for none.</summary>
    /// <remarks>Empties the list.</remarks>
    public IReadOnlyList<(long At, int Weight)> TakeChanges()
    {
        if (changed is not { Count: > 0 })
            return [];

        Tidy(changed);
        var changes = changed.ConvertAll(at => (at, log?.WeightAt(at) ?? 0));
        changed = null;
        return changes;
    }

    /// <summary>Takes up one stored entry; in the order of the moments, after <see cref="LimitState.Restore"/>.</summary>
    /// <remarks>What a clock ahead of ours has written counts as started now, not in years.</remarks>
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
    /// All units, those in the log and those to come, have numbers; unit n goes a period after unit n − permits, or at once. So the last unit of the job
    /// goes whole periods after a unit that stands in the log. A weight above the permits, which were more when it was let in, waits for an empty log.
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

    /// <summary>The entry stands where the call has started. What waits for it is planned after that is known: <see cref="LongestDelay"/>.</summary>
    public override void Postpone(long at, int weight, long to)
    {
        if (to > at)
            MoveOn(at, to, weight);
    }

    public override bool Answered(long at, int weight, long now, CallTime? call = null)
    {
        var share = Math.Min(1, (double)weight / Definition.Permits);
        var ordinary = call is { } seen ? times.Learn(seen.Took, period, share) : 0;
        var to = now - lateness;
        if (to >= at)
        {
            if (call is not { } late)
                return false;

            // What is unusual of the time it took may have passed before it was counted.
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
    /// A sliding log whose clump arrives stretched says of the next one's first call that hardly anything is left, and tells the end of a whole window beside it. What it counts are calls
    /// of ours that this log counts, too: it knows when they leave, and nobody else calls. Windows that begin anew count none of them.
    /// </remarks>
    private protected override long ComesBack(long windowAt, long startedAt, long left)
    {
        if (log is null)
            return 0;
        var ofWindow = log.WeightAfter(windowAt - lateness - 1);
        var before = Math.Max(log.WeightAfter(startedAt - period - lateness) - ofWindow, 0);
        return Math.Clamp(Definition.Permits - left - ofWindow, 0, before);
    }

    /// <summary>What the log holds of the call is its share, as of all others: the API, which has still to count it, counts what it weighs.</summary>
    private protected override void OwnRecount(long at, int before, int after)
    {
        if (convertedFrom > 0 && log?.Change(at, (int)((long)before * Definition.Permits / convertedFrom), after) == true)
            Note(at);
    }

    /// <summary>Up to now, or up to the last slot if that lies ahead.</summary>
    protected override long OwnAvailable(long now) => Definition.Permits - Taken(now);

    /// <summary>What has left the log blocks nobody any more.</summary>
    private protected override void Refund(long at, int taken, int weight, long now) => OwnTakeBack(at, weight);

    /// <summary>May exceed the permits: then nothing goes until it has left the window.</summary>
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
    /// The log stays. Fewer permits, or a longer period, wait until enough has left it. Of what a shorter period has let go nothing is known: the longer one
    /// holds for what was in the log and what comes, so it holds without exception once it has passed.
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

    /// <summary>What stands in the log is weight of another kind. What is known of it is the share of the permits that it was: so much stays used.</summary>
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

    // Without a store nobody takes the changes: they must not outgrow the log.
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
