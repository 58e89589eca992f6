namespace JobService.Limits;

/// <summary>The pace that one limit has learned from refusals that name no time.</summary>
/// <remarks>
/// Multiplicative decrease once per round trip, additive increase with time (Chiu and Jain 1989; TCP, RFC 5681). The recovery is slow, since each probe
/// that fails costs a call and a pause. It is ten times as fast after the very first refusal, and after a long time without one, before the refusal or since: then the limit is about right, and two
/// calls merely came too close together. It is linear, so the whole factor is one moment: it grows by 1 in <c>recovery</c> and is 1 at <c>recoveredAt</c>. Whole ticks, no rounding: what is
/// blocked up to a moment is allowed at it.
/// </remarks>
internal sealed class LearnedPace
{
    /// <summary>Time in which the factor grows by 1.</summary>
    public const long SlowRecovery = 300 * TimeSpan.TicksPerSecond;

    /// <summary>The same after the first refusal, and after a long time without one.</summary>
    public const long QuickRecovery = 30 * TimeSpan.TicksPerSecond;

    /// <summary>Calls without a refusal that count as a long time.</summary>
    private const int LongQuiet = 100;

    private long recovery = SlowRecovery;
    private long slowedAt;
    private long slowedCall;

    // The moment from which the factor is computed: the last refusal, or when its recovery became quick.
    private long factorAt;
    private long recoveredAt;
    private long pacedUntil;

    public long RestsAt => recoveredAt;

    public (double Factor, long FactorAt, long PacedUntil, bool IsQuick) Kept => (FactorAt(factorAt), factorAt, pacedUntil, recovery == QuickRecovery);

    private long LeastShare => recovery / 64;

    public long NotBefore(long from) => Math.Max(from, pacedUntil);

    public double FactorAt(long now) => (double)Share(now) / recovery;

    /// <param name="startedAt">When the call was sent.</param>
    /// <param name="calls">Calls handed out so far.</param>
    /// <param name="now">When it was refused.</param>
    /// <returns>False when the call had started before the last decrease.</returns>
    public bool SlowDown(long startedAt, long calls, long now)
    {
        if (slowedAt > 0 && startedAt <= slowedAt)
            return false;

        var factor = Math.Max(FactorAt(now) / 2, 1.0 / 64);
        Recover(factor, now, slowedAt == 0 || calls - slowedCall >= LongQuiet ? QuickRecovery : SlowRecovery);
        (slowedAt, slowedCall) = (now, calls);
        return true;
    }

    /// <summary>Spaces the next start from this one, as long as the factor is below 1.</summary>
    /// <param name="at">When the call starts.</param>
    /// <param name="fullPace">The gap after it at the full pace.</param>
    /// <param name="calls">Calls handed out so far.</param>
    public void Pace(long at, double fullPace, long calls)
    {
        if (at < recoveredAt && recovery != QuickRecovery && calls - slowedCall >= LongQuiet)
            Recover(FactorAt(at), at, QuickRecovery);
        if (fullPace > 0 && at < recoveredAt)
            pacedUntil = Math.Max(pacedUntil, Paced(at, fullPace));
    }

    /// <summary>The start at this moment did not happen.</summary>
    /// <remarks>Only the start that spaced last gives its gap back; nothing was spaced beyond <paramref name="at"/> before it, or it would not have got that slot.</remarks>
    public void TakeBack(long at, double fullPace)
    {
        if (fullPace > 0 && at < recoveredAt && pacedUntil == Paced(at, fullPace))
            pacedUntil = at;
    }

    /// <summary>For a weight of concurrent calls that is allowed at the full pace: the moment from which the factor allows it.</summary>
    public long AllowedFrom(long weight, int permits) => recoveredAt - recovery + (((weight * recovery) + permits - 1) / permits);

    /// <summary>How many of this number of concurrent calls the factor allows; at least one.</summary>
    public long Reduced(int permits, long now) => Math.Max(1, permits * Share(now) / recovery);

    /// <summary>While the limit is slow, waiting weight starts evenly: when that ends, and how much has started by then. Null when the limit is not slow.</summary>
    /// <remarks>The calls that count towards a long time without refusals are assumed to weigh 1 each.</remarks>
    public (long Until, long Gone)? Spread(long from, long weight, double ticksPerPermit, long calls)
    {
        if (from >= recoveredAt || ticksPerPermit == 0)
            return null;

        var toQuiet = recovery == QuickRecovery ? 0 : Math.Max(0, LongQuiet - (calls - slowedCall));
        if (toQuiet == 0 || weight <= toQuiet)
            return Spread(from, FactorAt(from), recovery, weight, ticksPerPermit);

        var (quietAt, gone) = Spread(from, FactorAt(from), recovery, toQuiet, ticksPerPermit);
        if (gone < toQuiet || quietAt >= recoveredAt)
            return (quietAt, gone);
        var (until, more) = Spread(quietAt, FactorAt(quietAt), QuickRecovery, weight - gone, ticksPerPermit);
        return (until, gone + more);
    }

    /// <summary>The configured pace has changed: the rest of the gap is rescaled.</summary>
    public void Repace(double ratio, long now)
    {
        if (pacedUntil > now && double.IsFinite(ratio))
            pacedUntil = now + (long)Math.Min((pacedUntil - now) * ratio, recoveredAt - now);
    }

    public void Restore(StoredLimit stored, long now)
    {
        slowedAt = Math.Min(stored.FactorAt, now);
        Recover(Math.Clamp(stored.Factor, 1.0 / 64, 1), slowedAt, stored.IsQuick ? QuickRecovery : SlowRecovery);
        pacedUntil = Math.Min(stored.PacedUntil, recoveredAt);
    }

    private void Recover(double factor, long from, long within)
    {
        recovery = within;
        (factorAt, recoveredAt) = (from, from + recovery - Math.Max((long)Math.Round(factor * recovery), LeastShare));
    }

    /// <summary>The factor grows from f by t ÷ recovery, so that f · t + t² ÷ (2 · recovery) of time at full pace has passed after t.</summary>
    private static (long Until, long Gone) Spread(long from, double factor, long recovery, long weight, double ticksPerPermit)
    {
        var left = (1 - factor) * recovery;
        var worth = (factor * left) + (left * left / (2 * recovery));
        var wanted = weight * ticksPerPermit;
        return wanted >= worth
            ? (from + (long)Math.Ceiling(left), (long)(worth / ticksPerPermit))
            : (from + (long)Math.Ceiling(recovery * (Math.Sqrt((factor * factor) + (2 * wanted / recovery)) - factor)), weight);
    }

    private long Share(long now) => Math.Clamp(recovery - (recoveredAt - now), LeastShare, recovery);

    // No gap outlasts the recovery: a limit of a few calls a month must not stop for days because of one refusal.
    private long Paced(long at, double fullPace) => at + (long)Math.Min(fullPace * recovery / Share(at), recoveredAt - at);
}
