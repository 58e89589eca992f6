namespace JobService.Limits;

/// <summary>What one limit has handed out, and so what it allows next. Pure arithmetic: no clock, no store; one thread at a time.</summary>
/// <remarks>Moments are ticks (100 ns) of store time. The same functions serve every store, the simulator and the tests.</remarks>
public abstract class LimitState
{
    /// <summary>Answer of <see cref="EarliestAt"/> when no moment can be named: it depends on other jobs' ends, or the weight never fits.</summary>
    public const long Never = long.MaxValue;

    private protected LimitState(LimitDefinition definition) => Definition = definition;

    public LimitDefinition Definition { get; private protected set; }

    /// <summary>The API said "not before". Zero when it said nothing.</summary>
    public long PausedUntil { get; private set; }

    /// <summary>Calls handed out so far: the number of the call that is handed out next.</summary>
    public long Calls { get; private set; }

    /// <summary>True when every start needs a moment of its own; false when a start may come at any time after the claim.</summary>
    public abstract bool HandsOutSlots { get; }

    /// <summary>A call may start only within [slot, slot + this]; what comes later would crowd the next slot.</summary>
    public abstract TimeSpan StartWindow { get; }

    /// <summary>A new state that has handed out nothing.</summary>
    public static LimitState For(LimitDefinition definition) => definition switch
    {
        RateDefinition rate => new RateLimit(rate),
        WindowDefinition window => new WindowLimit(window),
        ConcurrencyDefinition concurrency => new ConcurrencyLimit(concurrency),
        _ => throw new ArgumentOutOfRangeException(nameof(definition), definition, "No arithmetic for this kind of limit."),
    };

    /// <summary>The first moment, not before <paramref name="from"/>, at which the limit allows the weight; or <see cref="Never"/>.</summary>
    public long EarliestAt(long from, int weight) => OwnEarliestAt(Math.Max(from, PausedUntil), weight);

    /// <summary>The first moment, not before <paramref name="from"/>, for a job of this weight when so much weight goes before it; or <see cref="Never"/>.</summary>
    public virtual long EarliestAfter(long from, long ahead, int weight) => EarliestAt(from, weight);

    /// <summary>Hands the weight out at a moment that <see cref="EarliestAt"/> allows.</summary>
    public void Take(long at, int weight)
    {
        Calls++;
        OwnTake(at, weight);
    }

    /// <summary>The call is over: what it held is free. A rate keeps what it handed out.</summary>
    public virtual void Return(int weight)
    {
    }

    /// <summary>The call that took the weight for <paramref name="at"/> was never made: what can be given back without breaking a bound is.</summary>
    public virtual void TakeBack(long at, int weight) => Return(weight);

    /// <summary>The call at <paramref name="at"/> has cost another weight than it took: the difference is charged or refunded from now on.</summary>
    public virtual void Correct(long at, int weight, int trueWeight, long now)
    {
    }

    /// <summary>Allows nothing before a moment. An earlier one than is known changes nothing: two answers may come in either order.</summary>
    public void PauseUntil(long moment) => PausedUntil = Math.Max(PausedUntil, moment);

    /// <summary>The API refused a call that started at a moment, and named none: the limit goes at half the pace and recovers slowly.</summary>
    public void SlowDown(long startedAt, long now) => PauseUntil(now + TimeSpan.TicksPerSecond);

    /// <summary>The API counts too: after the call of this number (<see cref="Calls"/> at its claim) it allows so many until a moment.</summary>
    public void Expect(long call, int remaining, long until)
    {
    }

    /// <summary>Share of the configured pace that the limit goes at: 1 unless refusals have slowed it down.</summary>
    public double FactorAt(long now) => 1;

    /// <summary>From this moment on the state is as if it were new, if nothing else happens; <see cref="Never"/> while calls hold it.</summary>
    public virtual long RestsAt => Never;

    /// <summary>What a store keeps in one row.</summary>
    public virtual StoredLimit ToStored() => new(0, PausedUntil, 1, 0, 0);

    /// <summary>Takes up what was stored.</summary>
    public virtual void Restore(StoredLimit stored, long now) => PauseUntil(stored.PausedUntil);

    /// <summary>Goes on under other numbers and keeps what was taken.</summary>
    /// <returns>False when the kind has changed: nothing was done, make a new state.</returns>
    public abstract bool Reconfigure(LimitDefinition definition, long now);

    /// <summary>Weight in use: not yet paid back by time (<c>rate</c>), started in the window that ends now (<c>window</c>), or held (<c>concurrency</c>).</summary>
    public abstract long Taken(long now);

    /// <summary>Weight that could start now.</summary>
    public abstract long Available(long now);

    protected abstract long OwnEarliestAt(long from, int weight);

    protected abstract void OwnTake(long at, int weight);
}

/// <summary>What is kept of a limit's state besides the log of a window.</summary>
/// <param name="TakenUntil">Rate: the theoretical arrival; otherwise 0.</param>
/// <param name="PausedUntil">The API said "not before".</param>
/// <param name="Factor">Share of the configured pace, at <paramref name="FactorAt"/>.</param>
/// <param name="FactorAt">The moment of the last refusal without a hint.</param>
/// <param name="PacedUntil">No call before this moment, because of the factor.</param>
public readonly record struct StoredLimit(long TakenUntil, long PausedUntil, double Factor, long FactorAt, long PacedUntil);
