namespace JobService.Limits;

/// <summary>Calls per period, evenly spaced after a burst. Within any time t the starts weigh at most burst + rate × t.</summary>
/// <remarks>
/// GCRA, the virtual scheduling algorithm of ITU-T I.371 (annex A), by weight. The emission interval T is the period divided by the permits,
/// rounded up to a tick, so that rounding never lets more through. One number is the whole state: the theoretical arrival TAT, the moment at
/// which everything handed out is paid back. A weight w may go at t when max(TAT, t) + w · T ≤ t + burst · T, and that left side is the new TAT.
/// <para>Why the bound holds: within a window from a to b each start adds its w · T to a TAT that is at least a after the first, and no TAT lies
/// beyond b + burst · T. The order in which the slots were handed out does not matter.</para>
/// <para>A call that cost less is refunded at its own position, as long as its take is remembered: TAT is then what the true weights would have led to, even when a later slot turns out to have
/// started late.</para>
/// <para>Why, otherwise, a refund of d · T minus the time since the slot is safe: let C be the TAT that the true weights would have led to, with the same
/// slots. After the slot of the call, TAT − C = d · T. Later slots s do max(·, s) + w · T to both; the distance shrinks only where C lies before s and
/// is raised to it. These raises are disjoint parts of the time from the call's slot to the last slot, so their sum is no longer than it. What remains above C
/// breaks no bound; for several refunds the argument applies to one after the other.</para>
/// </remarks>
public sealed class RateLimit : LimitState
{
    private const long MaxAhead = RateDefinition.MaxDaysAhead * TimeSpan.TicksPerDay;

    private long interval;
    private long burst;
    private long lastSlot;

    // The interval before the limit last changed what it counts.
    private long intervalBefore;

    // Null for a key that has handed out nothing.
    private RecentTakes? takes;

    // Calls before a change of the pace are not refunded: what they took has since been converted or capped.
    private long refundsFrom;

    public RateLimit(RateDefinition definition)
        : base(definition) => Adopt(definition);

    /// <summary>The moment at which all that was handed out is paid back: what a store keeps of this limit, besides what was learned.</summary>
    public long TheoreticalArrival => takes?.Arrival ?? 0;

    public override bool HandsOutSlots => true;

    /// <summary>
    /// 0.5 % of the period, from 2 to 50 ms. From T = 5 ms on at most T ÷ 10, at least 1 ms: slow and even limits are judged by their gaps. From 3 to 5 ms a third of T.
    /// Below, half of it, at least 2 ms. Without a burst, from T = 50 ms on, at most T ÷ 200, at least 0.5 ms.
    /// </summary>
    /// <remarks>
    /// After a start that is late by its whole window, the next one follows within T minus the window: an API that accepts no early call refuses it. Where T is long, counting a start at its actual time costs
    /// hardly anything.
    /// A start that is late by half of T leaves the next one no margin at an API that tolerates one early call: nginx counts whole milliseconds, and the network adds its own delay. A refusal costs a
    /// pause of the whole limit, a slot that is given up one T. At higher rates no window both satisfies such an API and outlasts the millisecond or more for which a busy
    /// machine occasionally delays a thread.
    /// </remarks>
    public override TimeSpan StartWindow
    {
        get
        {
            const long least = 2 * TimeSpan.TicksPerMillisecond;
            var window = Math.Clamp(Ticks(((RateDefinition)Definition).PeriodSeconds) / 200, least, 50 * TimeSpan.TicksPerMillisecond);
            return new TimeSpan(interval switch
            {
                >= 50 * TimeSpan.TicksPerMillisecond when burst == 1 => Math.Clamp(interval / 200, TimeSpan.TicksPerMillisecond / 2, window),
                >= 5 * TimeSpan.TicksPerMillisecond => Math.Max(Math.Min(window, interval / 10), TimeSpan.TicksPerMillisecond),
                >= 3 * TimeSpan.TicksPerMillisecond => interval / 3,
                _ => Math.Max(window / 2, least),
            });
        }
    }

    /// <summary>Any bound would be safe, since the next starts are postponed. A call is still worth making after the machine has stalled for this long.</summary>
    public override TimeSpan LongestDelay => TimeSpan.FromMilliseconds(250);

    private protected override long TakenUntil => TheoreticalArrival;

    private protected override long OwnRestsAt => Math.Max(TheoreticalArrival, lastSlot);

    private protected override long Period => Ticks(((RateDefinition)Definition).PeriodSeconds);

    private protected override double TicksPerPermit => interval;

    public override long Taken(long now) => (Math.Max(TheoreticalArrival - now, 0) + interval - 1) / interval;

    protected override long OwnEarliestAt(long from, int weight) =>
        weight > burst ? Never : Math.Max(from, TheoreticalArrival - ((burst - weight) * interval));

    /// <summary>However the weight ahead is divided into jobs, with every slot used it moves TAT by its full time.</summary>
    protected override long OwnEarliestAfter(long from, long ahead, int weight)
    {
        if (ahead == 0 || weight > burst)
            return OwnEarliestAt(from, weight);

        var arrival = Math.Max(TheoreticalArrival, from) + ((Int128)ahead * interval);
        return (long)Int128.Min(Int128.Max(from, arrival - ((burst - weight) * interval)), Never);
    }

    protected override void OwnTake(long at, int weight)
    {
        lastSlot = Math.Max(lastSlot, at);
        (takes ??= new RecentTakes()).Add(at, weight * interval);
    }

    /// <summary>Later slots keep their spacing: TAT becomes what it would be if this slot had never been handed out.</summary>
    protected override void OwnTakeBack(long at, int weight) => takes?.Remove(at, weight * interval);

    private protected override void OwnRecount(long at, int before, int after)
    {
        if (intervalBefore > 0)
            takes?.Change(at, before * intervalBefore, after * interval);
    }

    public override StartPace? PaceOf(int weight) => new(weight * interval, (burst - weight) * interval);

    /// <remarks>
    /// TAT becomes what it would be if the slot had been at that moment. If the take is forgotten (after a restart, for example), it is unknown what was handed out after it: all of it moves
    /// later by the same amount.
    /// </remarks>
    public override void Postpone(long at, int weight, long to)
    {
        if (to <= at)
            return;
        lastSlot = Math.Max(lastSlot, to);
        takes ??= new RecentTakes();
        if (!takes.Move(at, weight * interval, to))
            takes.Restart(Math.Max(takes.Arrival + (to - at), to + (weight * interval)));
    }

    protected override long OwnAvailable(long now) => burst - Taken(now);

    private protected override void Charge(int weight, long now)
    {
        var room = now + MaxAhead - Math.Max(TheoreticalArrival, now);
        if (room > 0)
            (takes ??= new RecentTakes()).Add(now, (long)Int128.Min((Int128)weight * interval, room));
    }

    /// <summary>TAT becomes what it would be if the call had taken what it cost. For a forgotten take, no more is given back than the remarks of the class allow; slots may be later than now.</summary>
    private protected override void Refund(long at, int taken, int weight, long now)
    {
        if (at < refundsFrom || takes?.Change(at, taken * interval, (taken - weight) * interval) == true)
            return;

        // Calls handed out after it may still turn out to have started later.
        var refund = ((Int128)weight * interval) - (Math.Max(now, lastSlot) - at) - LongestDelay.Ticks;
        if (refund > 0 && TheoreticalArrival > at)
            takes!.Add(at + (long)refund, -(long)refund);
    }

    /// <remarks>
    /// Never further ahead of now than the tolerance plus one weight (of the whole burst): a wrong clock at the time of writing must
    /// not stop the limit for years. Extra cost of calls beyond that is dropped.
    /// </remarks>
    private protected override void OwnRestore(long takenUntil, long now)
    {
        Restart(Math.Min(takenUntil, now + ((burst - 1) * interval) + (burst * interval)));
        (lastSlot, refundsFrom) = (Math.Min(TheoreticalArrival, now), now);
    }

    private protected override bool Adopt(LimitDefinition definition, long now)
    {
        if (definition is not RateDefinition rate)
            return false;

        // The debt is weight, not time: at the new pace it takes a different time to pay back.
        var owed = Math.Max(TheoreticalArrival - now, 0);
        var (before, counts) = (interval, Definition.Counts);
        Adopt(rate);
        if (rate.Counts != counts)
        {
            // The debt was weight of another kind. Only the moment at which it is paid back is known, except for calls in progress, which are counted again.
            intervalBefore = before;
            refundsFrom = Math.Max(now, lastSlot + 1);
        }
        else if (interval != before)
        {
            Restart(now + (long)Int128.Min(((Int128)owed * interval + before - 1) / before, MaxAhead));
            refundsFrom = Math.Max(now, lastSlot + 1);
        }

        return true;
    }

    private void Restart(long arrival) => (takes ??= new RecentTakes()).Restart(arrival);

    private void Adopt(RateDefinition definition)
    {
        Definition = definition;
        interval = (Ticks(definition.PeriodSeconds) + definition.Permits - 1) / definition.Permits;
        burst = definition.MaxWeight;
    }
}
