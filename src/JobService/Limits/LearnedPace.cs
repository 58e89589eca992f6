namespace JobService.Limits;

/// <summary>What refusals without a hint have taught about one limit: its pace.</summary>
/// <remarks>
/// Multiplicative decrease once per round trip, additive increase with time (Chiu and Jain 1989; TCP, RFC 5681). The recovery is slow, since each probe
/// that fails costs a call and a pause. It is linear, so the whole factor is one moment: it grows by 1 in <see cref="Recovery"/> and is 1 at
/// <c>recoveredAt</c>. Whole ticks, no rounding: what is blocked up to a moment is allowed at it.
/// </remarks>
internal sealed class LearnedPace
{
    /// <summary>Time in which the factor grows by 1.</summary>
    public const long Recovery = 300 * TimeSpan.TicksPerSecond;

    private const long LeastShare = Recovery / 64;

    private long slowedAt;
    private long recoveredAt;
    private long pacedUntil;

    public long RestsAt => recoveredAt;

    public (double Factor, long FactorAt, long PacedUntil) Kept => (FactorAt(slowedAt), slowedAt, pacedUntil);

    public long NotBefore(long from) => Math.Max(from, pacedUntil);

    public double FactorAt(long now) => (double)Share(now) / Recovery;

    /// <returns>False when the call had started before the last decrease.</returns>
    public bool SlowDown(long startedAt, long now)
    {
        if (slowedAt > 0 && startedAt <= slowedAt)
            return false;

        var share = Math.Max(Share(now) / 2, LeastShare);
        (slowedAt, recoveredAt) = (now, now + Recovery - share);
        return true;
    }

    /// <summary>Spaces the next start from this one, as long as the factor is below 1.</summary>
    public void Pace(long at, double fullPace)
    {
        if (fullPace > 0 && at < recoveredAt)
            pacedUntil = Math.Max(pacedUntil, Paced(at, fullPace));
    }

    /// <summary>The start at this moment was not made.</summary>
    /// <remarks>Only the start that spaced last gives its gap back; nothing was spaced beyond <paramref name="at"/> before it, or it would not have got that slot.</remarks>
    public void TakeBack(long at, double fullPace)
    {
        if (fullPace > 0 && at < recoveredAt && pacedUntil == Paced(at, fullPace))
            pacedUntil = at;
    }

    /// <summary>A weight of calls at once that is allowed at the full pace: the moment from which on the factor lets it through.</summary>
    public long AllowedFrom(long weight, int permits) => recoveredAt - Recovery + (((weight * Recovery) + permits - 1) / permits);

    /// <summary>Of so many calls at once, those that the factor leaves; at least one.</summary>
    public long Reduced(int permits, long now) => Math.Max(1, permits * Share(now) / Recovery);

    /// <summary>While the limit is slow, weight that waits goes evenly: when that ends, and how much has gone by then. Null when the limit is not slow.</summary>
    public (long Until, long Gone)? Spread(long from, long weight, double ticksPerPermit)
    {
        if (from >= recoveredAt || ticksPerPermit == 0)
            return null;

        // The factor grows from f by t ÷ Recovery, so that f · t + t² ÷ (2 · Recovery) of time at full pace has passed after t.
        var (factor, left) = (FactorAt(from), (double)(recoveredAt - from));
        var worth = (factor * left) + (left * left / (2 * Recovery));
        var wanted = weight * ticksPerPermit;
        return wanted >= worth
            ? (recoveredAt, (long)(worth / ticksPerPermit))
            : (from + (long)Math.Ceiling(Recovery * (Math.Sqrt((factor * factor) + (2 * wanted / Recovery)) - factor)), weight);
    }

    /// <summary>The configured pace has changed: what is left of the gap takes another time.</summary>
    public void Repace(double ratio, long now)
    {
        if (pacedUntil > now && double.IsFinite(ratio))
            pacedUntil = now + (long)Math.Min((pacedUntil - now) * ratio, recoveredAt - now);
    }

    public void Restore(StoredLimit stored, long now)
    {
        var share = (long)Math.Round(Math.Clamp(stored.Factor, 1.0 / 64, 1) * Recovery);
        slowedAt = Math.Min(stored.FactorAt, now);
        recoveredAt = slowedAt + Recovery - share;
        pacedUntil = Math.Min(stored.PacedUntil, recoveredAt);
    }

    private long Share(long now) => Math.Clamp(Recovery - (recoveredAt - now), LeastShare, Recovery);

    // No gap outlasts the recovery: a limit of a few calls a month is not to stand for days because of one refusal.
    private long Paced(long at, double fullPace) => at + (long)Math.Min(fullPace * Recovery / Share(at), recoveredAt - at);
}
