namespace JobService.Storage;

/// <summary>Notices that the machine's wall clock was set, or that the machine was suspended: the wall clock has deviated from the stopwatch by more than 5 s.</summary>
/// <remarks>Two good clocks drift apart as well: what NTP may do to a clock, 500 ppm, is not a step, however long it goes on.</remarks>
public sealed class StepWatch(TimeProvider time)
{
    /// <summary>The smallest deviation that counts as a step.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(5);

    private readonly Lock looking = new();
    private long lookedAt = time.GetTimestamp();
    private long wall = time.GetUtcNow().UtcTicks;
    private Step? latest;

    /// <summary>The latest one; null when there was none since the start.</summary>
    public Step? Latest => Volatile.Read(ref latest);

    /// <returns>The step since the last check; null when there was none.</returns>
    public Step? Look()
    {
        lock (looking)
        {
            var timestamp = time.GetTimestamp();
            var seen = time.GetUtcNow();
            var elapsed = Math.Max(0, time.GetElapsedTime(lookedAt, timestamp).Ticks);
            var gone = seen.UtcTicks - wall - elapsed;
            var isStep = Math.Abs(gone) > Least.Ticks;
            var drift = elapsed / StoreClock.SlewTicks;
            wall += elapsed + (isStep ? gone : Math.Clamp(gone, -drift, drift));
            lookedAt = timestamp;
            if (isStep)
                Volatile.Write(ref latest, new Step(new TimeSpan(gone), seen));
            return isStep ? latest : null;
        }
    }
}

/// <summary>The wall clock was set.</summary>
/// <param name="By">By how much; positive: forward.</param>
/// <param name="NoticedAt">When, by the wall clock at that time.</param>
public sealed record Step(TimeSpan By, DateTimeOffset NoticedAt);

/// <summary>The store's time compared with the machine's clock.</summary>
/// <param name="Difference">Wall clock minus store time; reduced at 500 ppm.</param>
/// <param name="LatestStep">The latest step of the wall clock since the start; null: there was none.</param>
public sealed record ClockStatus(TimeSpan Difference, Step? LatestStep);
