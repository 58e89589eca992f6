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

    /// <summary>True when every start needs a moment of its own; false when a start may come at any time after the claim.</summary>
    public abstract bool HandsOutSlots { get; }

    /// <summary>A call may start only within [slot, slot + this]; what comes later would crowd the next slot.</summary>
    public abstract TimeSpan StartWindow { get; }

    /// <summary>A new state that has handed out nothing.</summary>
    public static LimitState For(LimitDefinition definition) => definition switch
    {
        RateDefinition rate => new RateLimit(rate),
        ConcurrencyDefinition concurrency => new ConcurrencyLimit(concurrency),
        _ => throw new ArgumentOutOfRangeException(nameof(definition), definition, "No arithmetic for this kind of limit."),
    };

    /// <summary>The first moment, not before <paramref name="from"/>, at which the limit allows the weight; or <see cref="Never"/>.</summary>
    public abstract long EarliestAt(long from, int weight);

    /// <summary>Hands the weight out at a moment that <see cref="EarliestAt"/> allows.</summary>
    public abstract void Take(long at, int weight);

    /// <summary>The call is over: what it held is free. A rate keeps what it handed out.</summary>
    public virtual void Return(int weight)
    {
    }

    /// <summary>The call that took the weight for <paramref name="at"/> was never made: what can be given back without breaking a bound is.</summary>
    public virtual void TakeBack(long at, int weight) => Return(weight);

    /// <summary>Allows nothing before a moment. An earlier one than is known changes nothing: two answers may come in either order.</summary>
    public void PauseUntil(long moment) => PausedUntil = Math.Max(PausedUntil, moment);

    /// <summary>Goes on under other numbers and keeps what was taken.</summary>
    /// <returns>False when the kind has changed: nothing was done, make a new state.</returns>
    public abstract bool Reconfigure(LimitDefinition definition, long now);

    /// <summary>Weight in use: not yet paid back by time (<c>rate</c>), or held (<c>concurrency</c>).</summary>
    public abstract long Taken(long now);

    /// <summary>Weight that could start now.</summary>
    public abstract long Available(long now);
}
