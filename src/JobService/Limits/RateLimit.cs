namespace JobService.Limits;

/// <summary>Calls per period, evenly spaced after a burst. In any time t the starts weigh at most burst + rate × t.</summary>
/// <remarks>
/// GCRA, the virtual scheduling algorithm of ITU-T I.371 (annex A), by weight. The emission interval T is the period divided by the permits,
/// rounded up to a tick, so that rounding never lets more through. One number is the whole state: the theoretical arrival TAT, the moment at
/// which everything handed out is paid back. A weight w may go at t when max(TAT, t) + w · T ≤ t + burst · T, and that left side is the new TAT.
/// <para>Why the bound holds: within a window from a to b each start adds its w · T to a TAT that is at least a after the first, and no TAT lies
/// beyond b + burst · T. The order in which the slots were handed out does not matter.</para>
/// <para>A call that has cost less is refunded where it stands, as long as its take is known: TAT is then what the true weights would have led to, also when a later slot turns out to have
/// started late.</para>
/// <para>Why otherwise a refund of d · T less the time since the slot is safe: let C be the TAT that the true weights would have led to, with the same
/// slots. After the slot of the call, TAT − C = d · T. Later slots s do max(·, s) + w · T to both; the distance shrinks only where C lies before s and
/// is lifted to it. These lifts are separate pieces of the time from the call's slot to the last slot, so they are no longer than it. What is left above C
/// breaks no bound; and when several calls are refunded the argument holds for one after the other.</para>
/// </remarks>
public sealed class RateLimit : LimitState
{
    private const long MaxAhead = RateDefinition.MaxDaysAhead * TimeSpan.TicksPerDay;

    private long interval;
    private long burst;
    private long lastSlot;

    // The interval before the limit counted something else for the last time.
    private long intervalBefore;

    // A key that has handed out nothing owns none.
    private RecentTakes? takes;

    // Calls before a change of the pace are not refunded: what they took has been converted, or cut, since.
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
    /// Behind a start that is late by more than its window the next one lies T less the window: an API that bears no call too early refuses it. Where T is long a start that counts as it was costs
    /// hardly anything.
    /// A start that is late by half of T leaves the next one no room at an API that bears one call in hand: nginx counts whole milliseconds, and the way there adds its own part. A refusal costs a
    /// pause of the whole limit, a slot that is given up one T. Faster than that no window both holds such an API and outlasts the millisecond and more that a busy
    /// machine now and then keeps a thread waiting.
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

    /// <summary>Any bound would do: the next starts go behind the late one. So long a stop of the machine is still worth a call.</summary>
    public override TimeSpan LongestDelay => TimeSpan.FromMilliseconds(250);

    private protected override long TakenUntil => TheoreticalArrival;

    private protected override long OwnRestsAt => Math.Max(TheoreticalArrival, lastSlot);

    private protected override long Period => Ticks(((RateDefinition)Definition).PeriodSeconds);

    private protected override double TicksPerPermit => interval;

    public override long Taken(long now) => (Math.Max(TheoreticalArrival - now, 0) + interval - 1) / interval;

    protected override long OwnEarliestAt(long from, int weight) =>
        weight > burst ? Never : Math.Max(from, TheoreticalArrival - ((burst - weight) * interval));

    /// <summary>However the weight ahead is cut into jobs, with every slot used it moves TAT by its whole time.</summary>
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

    /// <summary>What later slots were spaced by stays with them: TAT becomes what it would be if this slot had never been handed out.</summary>
    protected override void OwnTakeBack(long at, int weight) => takes?.Remove(at, weight * interval);

    private protected override void OwnRecount(long at, int before, int after)
    {
        if (intervalBefore > 0)
            takes?.Change(at, before * intervalBefore, after * interval);
    }

    public override StartPace? PaceOf(int weight) => new(weight * interval, (burst - weight) * interval);

    /// <remarks>
    /// TAT becomes what it would be if the slot had lain there. Of what is forgotten (after a restart, say) nobody knows what was handed out behind it: all of it goes
    /// later by as much.
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

    /// <summary>TAT becomes what it would be if the call had taken what it has cost. Of a take that is forgotten no more is given back than the remarks of the class say; slots may lie ahead of now.</summary>
    private protected override void Refund(long at, int taken, int weight, long now)
    {
        if (at < refundsFrom || takes?.Change(at, taken * interval, (taken - weight) * interval) == true)
            return;

        // What was handed out behind it may still turn out to have started later.
        var refund = ((Int128)weight * interval) - (Math.Max(now, lastSlot) - at) - LongestDelay.Ticks;
        if (refund > 0 && TheoreticalArrival > at)
            takes!.Add(at + (long)refund, -(long)refund);
    }

    /// <remarks>
    /// Never further ahead of now than the tolerance plus one weight (of the whole burst): a clock that was wrong when the state was written must
    /// not stop the limit for years. What calls have cost more than they took is forgiven beyond that.
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

        // What is owed is weight, not time: at the new pace it is paid back in another time.
        var owed = Math.Max(TheoreticalArrival - now, 0);
        var (before, counts) = (interval, Definition.Counts);
        Adopt(rate);
        if (rate.Counts != counts)
        {
            // What is owed was weight of another kind. The moment at which it is paid back is all that is known of it, but for calls that are under way: they are counted anew.
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
