namespace JobService.Limits;

/// <summary>What the limit has learned from the API: a pause, a slower pace, and what the API says is left.</summary>
public abstract partial class LimitState
{
    // A hundred thousand idle keys have learned nothing: each costs only a reference.
    private LearnedPace? learnedPace;
    private ToldWindow? toldCalls;
    private ToldWindow? toldWeight;

    /// <summary>The API said "not before". Zero when it said nothing.</summary>
    public long PausedUntil { get; private set; }

    /// <summary>Null when nothing was learned.</summary>
    private protected LearnedPace? Learned => learnedPace;

    /// <summary>Allows nothing before a moment. A moment earlier than the known one changes nothing: two responses may arrive in either order.</summary>
    public void PauseUntil(long moment) => PausedUntil = Math.Max(PausedUntil, moment);

    /// <summary>
    /// The API refused a call that started at a moment, and named no time: the limit pauses and then runs at half the pace, but no less than 1/64, and recovers
    /// within 300 s at most; after its first refusal, and after 100 calls without one, before or since, ten times as fast. Refusals of calls that had started before the last slow-down change nothing: it could not have affected them.
    /// </summary>
    /// <remarks>The pause is 1 s at half the pace, 2 s at a quarter, up to 32 s at 1/64.</remarks>
    public void SlowDown(long startedAt, long now)
    {
        learnedPace ??= new LearnedPace();
        if (learnedPace.SlowDown(startedAt, Calls, now))
            PauseUntil(now + (long)(TimeSpan.TicksPerSecond * 0.5 / learnedPace.FactorAt(now)));
    }

    /// <summary>The API counts too: after the call of this number it allows this many more until a moment. To be called after the call has <see cref="End">ended</see>.</summary>
    /// <param name="call"><see cref="Calls"/> right after the <see cref="Take"/> of the call whose response says so.</param>
    /// <param name="left">Calls after that one, or weight. Calls in progress may be among them.</param>
    /// <param name="until">When the API resets its count; capped by the caller.</param>
    /// <param name="now">When this became known.</param>
    /// <param name="whole">What the API allows in a whole window; null when it did not say.</param>
    /// <param name="inWeight">What is left is counted as the limit counts, not in calls.</param>
    /// <param name="startedAt">When the call was sent; null when it was refused, or weighs more than a call.</param>
    public void Expect(long call, long left, long until, long now, long? whole = null, bool inWeight = false, long? startedAt = null)
    {
        var (told, underWay, handedOut) = inWeight
            ? (toldWeight ??= new ToldWindow(), weightUnderWay, weightHandedOut)
            : (toldCalls ??= new ToldWindow(), callsUnderWay, Calls);
        left = Math.Max(left, 0);
        if (startedAt is { } started && whole == Definition.Permits && until - now <= Period + TimeSpan.TicksPerSecond)
            left += ComesBack(told.FirstCallAt(started, now), started, left);
        var hasJustBegun = !inWeight && !LogsStarts && left + 1 + underWay >= Definition.Permits && (whole ?? Definition.Permits) >= Definition.Permits;
        told.Tell(new ToldLeft(Math.Clamp(call, 0, Calls), left, Math.Clamp(until, 0, DateTime.MaxValue.Ticks), now, Calls, handedOut, startedAt ?? 0), underWay, Period, hasJustBegun);
    }

    /// <summary>For an API that allows what the limit allows: how many calls before its window it has counted, as far as this limit counts them too. They are available again when they have left this limit.</summary>
    /// <param name="windowAt">When the first call of the window was sent.</param>
    /// <param name="startedAt">When the call was sent that says what is left.</param>
    /// <param name="left">What it says.</param>
    private protected virtual long ComesBack(long windowAt, long startedAt, long left) => 0;

    /// <summary>Clears what was learned. What was taken stays taken.</summary>
    /// <returns>False when nothing was learned that still counts.</returns>
    public bool Unlearn(long now)
    {
        var hadLearned = PausedUntil > now || learnedPace?.RestsAt > now || toldCalls?.Until > now || toldWeight?.Until > now;
        (PausedUntil, learnedPace, toldCalls, toldWeight) = (0, null, null, null);
        return hadLearned;
    }

    /// <summary>Share of the configured pace at which the limit runs: 1 unless refusals have slowed it down. From 1/64 to 1.</summary>
    public double FactorAt(long now) => learnedPace?.FactorAt(now) ?? 1;

    /// <summary>Calls that the API still allows, as far as is known, and until when that counts. Null when it said nothing, or nothing that still counts.</summary>
    public (long Remaining, long Until)? BudgetAt(long now) => toldCalls?.LeftAt(now, callsUnderWay) is { } left ? (left, toldCalls.Until) : null;

    /// <summary>The same in the unit that the limit counts.</summary>
    public (long Remaining, long Until)? WeightBudgetAt(long now) => toldWeight?.LeftAt(now, weightUnderWay) is { } left ? (left, toldWeight.Until) : null;

    private long NotBefore(long from, int weight)
    {
        var first = Math.Max(from, PausedUntil);
        if (learnedPace is not null)
            first = learnedPace.NotBefore(first);
        if (toldCalls is not null)
            first = toldCalls.NotBefore(first, callsUnderWay, amount: 1);
        return toldWeight is null ? first : toldWeight.NotBefore(first, weightUnderWay, weight);
    }
}
