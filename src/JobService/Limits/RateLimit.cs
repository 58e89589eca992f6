namespace JobService.Limits;

/// <summary>Calls per period, evenly spaced after a burst. In any time t the starts weigh at most burst + rate × t.</summary>
/// <remarks>
/// GCRA, the virtual scheduling algorithm of ITU-T I.371 (annex A), by weight. The emission interval T is the period divided by the permits,
/// rounded up to a tick, so that rounding never lets more through. One number is the whole state: the theoretical arrival TAT, the moment at
/// which everything handed out is paid back. A weight w may go at t when max(TAT, t) + w · T ≤ t + burst · T, and that left side is the new TAT.
/// <para>Why the bound holds: within a window from a to b each start adds its w · T to a TAT that is at least a after the first, and no TAT lies
/// beyond b + burst · T. The order in which the slots were handed out does not matter.</para>
/// </remarks>
public sealed class RateLimit : LimitState
{
    // Burst × T of absurd definitions (a million at once, one a month) would not fit into ticks: such a burst shrinks, which is never unsafe.
    private const long MaxAhead = 1_000 * 365 * TimeSpan.TicksPerDay;

    private long interval;
    private long burst;

    public RateLimit(RateDefinition definition)
        : base(definition) => Adopt(definition);

    /// <summary>The moment at which all that was handed out is paid back: what a store keeps of this limit, besides the pause.</summary>
    public long TheoreticalArrival { get; private set; }

    public override bool HandsOutSlots => true;

    /// <summary>0.5 % of the period, from 2 to 50 ms. From T = 5 ms on at most T ÷ 10, at least 1 ms: slow and even limits are judged by their gaps. Below, half.</summary>
    /// <remarks>Fast starts that may be late by more than one T meet at the API; a refusal costs a pause of the whole limit, a slot that is given up one T.</remarks>
    public override TimeSpan StartWindow
    {
        get
        {
            const long least = 2 * TimeSpan.TicksPerMillisecond;
            var window = Math.Clamp(PeriodTicks((RateDefinition)Definition) / 200, least, 50 * TimeSpan.TicksPerMillisecond);
            return new TimeSpan(interval >= 5 * TimeSpan.TicksPerMillisecond
                ? Math.Max(Math.Min(window, interval / 10), TimeSpan.TicksPerMillisecond)
                : Math.Max(window / 2, least));
        }
    }

    protected override long OwnEarliestAt(long from, int weight) =>
        weight > burst ? Never : Math.Max(from, TheoreticalArrival - ((burst - weight) * interval));

    protected override void OwnTake(long at, int weight) => TheoreticalArrival = checked(Math.Max(TheoreticalArrival, at) + (weight * interval));

    /// <summary>Only the slot handed out last comes back: later ones were spaced after it.</summary>
    /// <remarks>TAT = at + w · T says that the slot was the last and that TAT was not beyond <paramref name="at"/> before it: it may go back to there.</remarks>
    public override void TakeBack(long at, int weight)
    {
        if (TheoreticalArrival == at + (weight * interval))
            TheoreticalArrival = at;
    }

    /// <summary>Takes up what was stored.</summary>
    /// <remarks>
    /// Never further ahead of now than the tolerance plus one weight (of the whole burst): a clock that was wrong when the state was written must
    /// not stop the limit for years.
    /// </remarks>
    public void Restore(long theoreticalArrival, long now) =>
        TheoreticalArrival = Math.Min(theoreticalArrival, now + ((burst - 1) * interval) + (burst * interval));

    public override bool Reconfigure(LimitDefinition definition, long now)
    {
        if (definition is not RateDefinition rate)
            return false;

        // What is owed is weight, not time: at the new pace it is paid back in another time.
        var owed = Math.Max(TheoreticalArrival - now, 0);
        var before = interval;
        Adopt(rate);
        TheoreticalArrival = now + (long)Int128.Min(((Int128)owed * interval + before - 1) / before, MaxAhead);
        return true;
    }

    public override long Taken(long now) => (Math.Max(TheoreticalArrival - now, 0) + interval - 1) / interval;

    public override long Available(long now) => PausedUntil > now ? 0 : Math.Max(0, burst - Taken(now));

    private void Adopt(RateDefinition definition)
    {
        Definition = definition;
        interval = (PeriodTicks(definition) + definition.Permits - 1) / definition.Permits;
        burst = Math.Min(definition.Burst, MaxAhead / interval);
    }

    // Decimal: 0.07 s are 700 000 ticks, not 700 000.0000000001 rounded up.
    private static long PeriodTicks(RateDefinition definition) => (long)Math.Ceiling((decimal)definition.PeriodSeconds * TimeSpan.TicksPerSecond);
}
