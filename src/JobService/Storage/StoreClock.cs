using JobService.Ledger;

namespace JobService.Storage;

/// <summary>The store's time: ticks (100 ns) of UTC that never go back, not even across a restart.</summary>
/// <remarks>
/// The wall clock at the open, continued by the stopwatch. When the wall clock deviates from it (NTP, an operator, a suspended machine), the difference is
/// reduced at 500 ppm, in both directions, without a jump:
/// <list type="bullet">
/// <item>A jump forward would refill the limits at once, and the API would get the next calls too early. Running 0.05 % fast stays
/// within what NTP itself may do to any clock (adjtimex: 500 ppm) and, for periods up to 4 s, within the start window.</item>
/// <item>A jump back would break the order of starts and ends; running slow only hands slots out 0.05 % later.</item>
/// </list>
/// The price: one second of difference takes 33 minutes. A machine that slept for hours keeps its old time until the store is opened again, so
/// <see cref="Difference"/> can be monitored.
/// </remarks>
/// <param name="time">Wall clock and stopwatch.</param>
/// <param name="atLeast">The last time that was stored, in ticks: the clock starts no earlier, whatever the wall clock says.</param>
public sealed class StoreClock(TimeProvider time, long atLeast)
{
    internal const long SlewTicks = StoredClock.SlewTicks;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock looking = new();
    private Line line = Line.Starting(time, Math.Max(time.GetUtcNow().UtcTicks, atLeast));
    private long last = atLeast;

    /// <summary>Continues from where an earlier process has left it.</summary>
    /// <remarks>
    /// A small difference from the wall clock is reduced gradually as always. When the wall clock is ahead by a <see cref="StepWatch.Least">step</see> (it was set, or the machine was
    /// suspended), the opening is the one moment at which nothing depends on the old time: the clock jumps to it, and everything computed from store time is moved along.
    /// </remarks>
    /// <returns>The clock, and by how many ticks it has jumped.</returns>
    public static (StoreClock Clock, long Jumped) GoOn(TimeProvider time, StoredClock stored)
    {
        var goneOn = stored.GoneOnBy(time);
        var ahead = time.GetUtcNow().UtcTicks - goneOn;
        var jumped = ahead > StepWatch.Least.Ticks ? ahead : 0;
        var start = goneOn + jumped;
        return (new StoreClock(time, start) { line = Line.Starting(time, start), last = start }, jumped);
    }

    /// <summary>Cheap, and safe from any thread: no result is smaller than an earlier one.</summary>
    public long Now
    {
        get
        {
            var timestamp = time.GetTimestamp();
            if (time.GetElapsedTime(Volatile.Read(ref line).Timestamp, timestamp) >= LookEvery)
                LookAtTheWall();

            // A delayed thread may still use the previous line; the largest time returned so far is the minimum for all.
            var now = Volatile.Read(ref line).At(time, timestamp);
            var given = Volatile.Read(ref last);
            while (now > given)
            {
                var found = Interlocked.CompareExchange(ref last, now, given);
                if (found == given)
                    return now;

                given = found;
            }

            return given;
        }
    }

    /// <summary>Wall clock minus store time: what is still to be reduced.</summary>
    public TimeSpan Difference => new(time.GetUtcNow().UtcTicks - Now);

    /// <summary>The moment as others see it.</summary>
    public static DateTimeOffset ToTime(long storeTicks) => new(storeTicks, TimeSpan.Zero);

    /// <summary>The <see cref="TimeProvider.GetTimestamp"/> of a moment of the store, past or to come: late, never early.</summary>
    /// <remarks>Late by at most 0.1 % of the distance from now, since the clock may slow down to its slowest pace meanwhile.</remarks>
    public long TimestampOf(long storeTicks)
    {
        var timestamp = time.GetTimestamp();
        var distance = (Int128)storeTicks - Volatile.Read(ref line).At(time, timestamp);
        var slowest = distance > 0 ? SlewTicks - 1 : SlewTicks + 1;
        var part = (Int128)TimeSpan.TicksPerSecond * slowest;
        var scaled = distance * time.TimestampFrequency * SlewTicks;
        var rounded = scaled > 0 ? (scaled + part - 1) / part : scaled / part;
        return (long)Int128.Clamp(timestamp + rounded, long.MinValue, long.MaxValue);
    }

    private void LookAtTheWall()
    {
        // If another thread is checking the wall clock, this one continues with the old line.
        if (!looking.TryEnter())
            return;

        try
        {
            var timestamp = time.GetTimestamp();
            if (time.GetElapsedTime(line.Timestamp, timestamp) >= LookEvery)
            {
                var now = line.At(time, timestamp);
                Volatile.Write(ref line, new Line(timestamp, now, time.GetUtcNow().UtcTicks - now));
            }
        }
        finally
        {
            looking.Exit();
        }
    }

    /// <summary>Store time from one check of the wall clock to the next. Immutable, so that readers need no lock.</summary>
    private sealed record Line(long Timestamp, long Start, long Difference)
    {
        public static Line Starting(TimeProvider time, long start) => new(time.GetTimestamp(), start, time.GetUtcNow().UtcTicks - start);

        public long At(TimeProvider time, long timestamp)
        {
            var elapsed = Math.Max(0, time.GetElapsedTime(Timestamp, timestamp).Ticks);
            var slew = Math.Min(elapsed / SlewTicks, Math.Abs(Difference));
            return Start + elapsed + (Math.Sign(Difference) * slew);
        }
    }
}
