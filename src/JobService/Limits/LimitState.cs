namespace JobService.Limits;

/// <summary>What one limit has handed out and learned, and therefore what it allows next. Pure arithmetic: no clock, no store; one thread at a time.</summary>
/// <remarks>
/// Moments are ticks (100 ns) of store time. The same functions serve every store, the simulator and the tests. Anything that blocks a weight blocks it
/// up to one moment and no longer: <c>EarliestAt(from) = max(from, EarliestAt(0))</c>. <see cref="Reservation"/> ends because of that.
/// </remarks>
public abstract partial class LimitState
{
    /// <summary>Returned by <see cref="EarliestAt"/> when there is no known moment: it depends on other jobs' ends, or the weight never fits.</summary>
    public const long Never = long.MaxValue;

    // Handed out and not ended: the API may still have to count it.
    private int callsUnderWay;
    private long weightUnderWay;
    private long weightHandedOut;

    private protected LimitState(LimitDefinition definition) => Definition = definition;

    public LimitDefinition Definition { get; private protected set; }

    /// <summary>Calls handed out so far. Right after <see cref="Take"/> it is the number of the call just handed out; the first is 1, and no number is reused.</summary>
    public long Calls { get; private set; }

    /// <summary>True when every start needs its own moment; false when a start may come at any time after the claim.</summary>
    public abstract bool HandsOutSlots { get; }

    /// <summary>A call may start only within [slot, slot + this]; a later start would be too close to the next slot.</summary>
    public abstract TimeSpan StartWindow { get; }

    /// <summary>How much later than that a call may still start, because later calls can be postponed: see <see cref="Postpone"/>. Beyond that the slot is given up.</summary>
    public virtual TimeSpan LongestDelay => TimeSpan.MaxValue;

    /// <summary>From this moment on the state equals a new one, if nothing else happens; <see cref="Never"/> while calls hold it.</summary>
    public long RestsAt => Math.Max(OwnRestsAt, Math.Max(PausedUntil, Math.Max(learnedPace?.RestsAt ?? 0, Math.Max(toldCalls?.Until ?? 0, toldWeight?.Until ?? 0))));

    /// <summary>What a store keeps as <see cref="StoredLimit.TakenUntil"/>.</summary>
    private protected virtual long TakenUntil => 0;

    private protected abstract long OwnRestsAt { get; }

    /// <summary>Ticks that one permit takes at the configured pace; a slowed-down limit stretches it. Zero when starts are not spaced.</summary>
    private protected virtual double TicksPerPermit => 0;

    /// <summary>Length of the period in ticks; zero when there is none.</summary>
    private protected virtual long Period => 0;

    /// <summary>The limit itself knows when a window that began with its call is over, so an end that was rounded down allows nothing too early.</summary>
    private protected virtual bool LogsStarts => false;

    /// <summary>A new state that has handed out nothing.</summary>
    public static LimitState For(LimitDefinition definition) => definition.NewState();

    /// <summary>The first moment, not before <paramref name="from"/>, at which the limit allows the weight; or <see cref="Never"/>. Changes nothing.</summary>
    public long EarliestAt(long from, int weight) => OwnEarliestAt(NotBefore(from, weight), weight);

    /// <summary>
    /// The first moment, not before <paramref name="from"/>, for a job of this weight when this much weight goes before it, nothing else arrives and every
    /// slot is used; or <see cref="Never"/>, also when no calendar has a date for it. Changes nothing.
    /// </summary>
    /// <remarks>
    /// Exact for a <c>rate</c>, and for a <c>window</c> when what goes before has weight 1. A slowed-down limit is assumed to start evenly what
    /// goes before until it has recovered. What the API says is left is taken into account only when it is used up already.
    /// </remarks>
    public long EarliestAfter(long from, long ahead, int weight)
    {
        var first = NotBefore(from, weight);
        ahead = Math.Max(ahead, 0);
        var at = OwnEarliestAfter(first, ahead, weight);
        if (at != Never && learnedPace?.Spread(first, ahead, TicksPerPermit, Calls) is var (slowUntil, gone))
            at = Math.Max(Math.Max(at, slowUntil), gone < ahead ? OwnEarliestAfter(slowUntil, ahead - gone, weight) : 0);
        return at > DateTime.MaxValue.Ticks ? Never : at;
    }

    /// <summary>Hands the weight out at a moment that <see cref="EarliestAt"/> allows.</summary>
    public void Take(long at, int weight)
    {
        Calls++;
        weightHandedOut += weight;
        Resume(weight);
        learnedPace?.Pace(at, weight * TicksPerPermit, Calls);
        OwnTake(at, weight);
    }

    /// <summary>A call that was handed out continues under a newly created state.</summary>
    public void Resume(int weight)
    {
        callsUnderWay++;
        weightUnderWay += weight;
    }

    /// <summary>A call has ended: once for each <see cref="Take"/> that is not taken back. What it took stays taken.</summary>
    /// <param name="weight">What it took.</param>
    /// <param name="isCounted">The API has counted it, as far as is known, and has not said what is left.</param>
    /// <returns>True when this lets other calls start earlier, or delays them.</returns>
    public bool End(int weight, bool isCounted)
    {
        callsUnderWay = Math.Max(0, callsUnderWay - 1);
        weightUnderWay = Math.Max(0, weightUnderWay - weight);
        if (isCounted)
        {
            toldCalls?.Spend(1);
            toldWeight?.Spend(weight);
        }

        return toldCalls is not null || toldWeight is not null;
    }

    /// <summary>The call is over: what it held is free. A rate keeps what it handed out.</summary>
    public virtual void Return(int weight)
    {
    }

    /// <summary>The API has responded to the call that took the weight for <paramref name="at"/>, and so had counted it by <paramref name="now"/>.</summary>
    /// <param name="at">The moment at which it counts.</param>
    /// <param name="weight">What it took.</param>
    /// <param name="now">The moment.</param>
    /// <param name="call">When it was sent and its response arrived, if known: a call that took longer than others may have been counted later.</param>
    /// <returns>True when this lets other calls start earlier, or delays them.</returns>
    public virtual bool Responded(long at, int weight, long now, CallTime? call = null) => false;

    /// <summary>The call that took the weight for <paramref name="at"/> has started late: later calls are planned after <paramref name="to"/>, which is at most <see cref="StartWindow"/> before the start.</summary>
    public virtual void Postpone(long at, int weight, long to)
    {
    }

    /// <summary>The spacing that a start of this weight requires, whatever was handed out before it; null when starts are not spaced.</summary>
    public virtual StartPace? PaceOf(int weight) => null;

    /// <summary>The call that took the weight for <paramref name="at"/>, and has <see cref="End">ended</see>, was never made: what can be given back without breaking a bound is given back.</summary>
    public void TakeBack(long at, int weight)
    {
        weightHandedOut -= weight;
        learnedPace?.TakeBack(at, weight * TicksPerPermit);
        OwnTakeBack(at, weight);
    }

    /// <summary>The call at <paramref name="at"/> cost a different weight than it took: the difference is charged or refunded from now on.</summary>
    /// <param name="at">The slot that was taken.</param>
    /// <param name="weight">What was taken.</param>
    /// <param name="trueWeight">What it has cost. Negative values count as zero; of the excess over <paramref name="weight"/>, at most one period's permits are charged.</param>
    /// <param name="now">When this became known.</param>
    public void Correct(long at, int weight, int trueWeight, long now)
    {
        var more = Math.Max(trueWeight, 0L) - weight;
        if (more > 0)
            Charge((int)Math.Min(more, Definition.Permits), now);
        else if (more < 0)
            Refund(at, weight, (int)-more, now);
    }

    /// <summary>What a store keeps in one row. The API's budget is not kept: the next response reports it again.</summary>
    public StoredLimit ToStored()
    {
        var (factor, factorAt, pacedUntil, isQuick) = learnedPace?.Kept ?? (1, 0, 0, false);
        return new StoredLimit(TakenUntil, PausedUntil, factor, factorAt, pacedUntil, isQuick);
    }

    /// <summary>Restores what was stored, into a new state.</summary>
    /// <param name="stored">What <see cref="ToStored"/> gave.</param>
    /// <param name="now">No slot still in use is later than this; values stored with a clock ahead of it are not trusted.</param>
    public void Restore(StoredLimit stored, long now)
    {
        PauseUntil(stored.PausedUntil);
        if (stored.Factor < 1)
            (learnedPace = new LearnedPace()).Restore(stored, now);
        OwnRestore(stored.TakenUntil, now);
    }

    /// <summary>Continues with another definition and keeps what was taken and learned.</summary>
    /// <returns>False when the kind has changed: nothing was done, and a new state is needed.</returns>
    public bool Reconfigure(LimitDefinition definition, long now)
    {
        var (before, counts) = (TicksPerPermit, Definition.Counts);
        if (!Adopt(definition, now))
            return false;
        if (definition.Counts == counts)
            learnedPace?.Repace(TicksPerPermit / before, now);
        else
            toldWeight = null; // it was stated in the unit counted before
        return true;
    }

    /// <summary>The limit counts something else now: a call in progress takes another weight.</summary>
    /// <remarks>The weight of an ended call in the new unit is unknown: in a log, or an arrival, it stays what <see cref="Reconfigure"/> has made of it.</remarks>
    /// <param name="at">The moment at which it counts.</param>
    /// <param name="before">What it took.</param>
    /// <param name="after">What it takes in the unit counted now.</param>
    /// <param name="isUnderWay">It has not <see cref="End">ended</see>.</param>
    /// <param name="isHeld">It has not returned what it holds.</param>
    public void Recount(long at, int before, int after, bool isUnderWay, bool isHeld)
    {
        if (isUnderWay)
            weightUnderWay = Math.Max(0, weightUnderWay + after - before);
        if (HandsOutSlots ? isUnderWay : isHeld)
            OwnRecount(at, before, after);
    }

    /// <summary>Weight in use: not yet paid back by time (<c>rate</c>), started in the window that ends now (<c>window</c>), or held (<c>concurrency</c>).</summary>
    public abstract long Taken(long now);

    /// <summary>Weight that could start now.</summary>
    public long Available(long now) => NotBefore(now, weight: 1) > now ? 0 : Math.Max(0, OwnAvailable(now));

    protected abstract long OwnEarliestAt(long from, int weight);

    protected abstract long OwnEarliestAfter(long from, long ahead, int weight);

    protected abstract void OwnTake(long at, int weight);

    protected virtual void OwnTakeBack(long at, int weight) => Return(weight);

    protected abstract long OwnAvailable(long now);

    private protected abstract bool Adopt(LimitDefinition definition, long now);

    private protected virtual void OwnRestore(long takenUntil, long now)
    {
    }

    private protected virtual void OwnRecount(long at, int before, int after)
    {
    }

    private protected virtual void Charge(int weight, long now)
    {
    }

    private protected virtual void Refund(long at, int taken, int weight, long now)
    {
    }

    // Decimal: 0.07 s are 700 000 ticks, not 700 000.0000000001 rounded up.
    private protected static long Ticks(double periodSeconds) => (long)Math.Ceiling((decimal)periodSeconds * TimeSpan.TicksPerSecond);
}

/// <summary>What is stored of a limit's state besides the log of a window.</summary>
/// <param name="TakenUntil">Rate: the theoretical arrival; window: the last slot; otherwise 0.</param>
/// <param name="PausedUntil">The API said "not before".</param>
/// <param name="Factor">Share of the configured pace, at <paramref name="FactorAt"/>.</param>
/// <param name="FactorAt">The moment of the last refusal that named no time, or since when the recovery is quick.</param>
/// <param name="PacedUntil">No call starts before this moment, because of the factor.</param>
/// <param name="IsQuick">The factor recovers quickly.</param>
public readonly record struct StoredLimit(long TakenUntil, long PausedUntil, double Factor, long FactorAt, long PacedUntil, bool IsQuick = false)
{
    /// <summary>A state that has learned nothing.</summary>
    public static StoredLimit TakenBy(long until) => new(until, PausedUntil: 0, Factor: 1, FactorAt: 0, PacedUntil: 0);
}
