namespace JobService.Ledger;

/// <summary>The store's time and the clocks of the machine, at one moment.</summary>
/// <param name="StoreTime">Ticks of store time.</param>
/// <param name="WallTime">Ticks of the wall clock.</param>
/// <param name="Stopwatch">Ticks of the monotonic clock.</param>
/// <param name="BootId">The run of the machine in which its monotonic clock counts; empty where it is not known.</param>
public readonly record struct StoredClock(long StoreTime, long WallTime, long Stopwatch, string BootId)
{
    /// <summary>500 ppm: store time approaches the wall clock by one tick in this many.</summary>
    internal const long SlewTicks = 2_000;

    /// <summary>The shortest interval between writes while the store is written.</summary>
    public static readonly TimeSpan WrittenEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest interval while it is not.</summary>
    public static readonly TimeSpan WrittenAtLeastEvery = TimeSpan.FromMinutes(1);

    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    private static readonly string thisBoot = File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : "";

    public static StoredClock At(long storeTime, TimeProvider time) => new(storeTime, time.GetUtcNow().UtcTicks, StopwatchOf(time, time.GetTimestamp()), thisBoot);

    /// <summary>Store time now, from the elapsed time: no earlier than anything that the last process has written.</summary>
    /// <remarks>
    /// In the same run of the machine the monotonic clock gives the elapsed time. The last process may have been approaching the wall clock at 500 ppm, until the next
    /// write that it would have made: up to that much is added. Across a restart of the machine only the wall clock can give it, from its own earlier reading; if that was
    /// set back, the longest interval between writes is added.
    /// </remarks>
    public long GoneOnBy(TimeProvider time)
    {
        var wall = time.GetUtcNow().UtcTicks;
        var elapsed = StopwatchOf(time, time.GetTimestamp()) - Stopwatch;
        if (BootId.Length == 0 || BootId != thisBoot || elapsed < 0)
            return StoreTime + Math.Max(wall - WallTime, 2 * WrittenEvery.Ticks);

        var caughtUp = Math.Min(elapsed, 2 * WrittenAtLeastEvery.Ticks) / SlewTicks;
        return StoreTime + elapsed + Math.Clamp(wall - StoreTime - elapsed, 0, caughtUp);
    }

    private static long StopwatchOf(TimeProvider time, long timestamp) => time.GetElapsedTime(0, timestamp).Ticks;
}
