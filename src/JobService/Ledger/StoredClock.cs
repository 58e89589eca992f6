namespace JobService.Ledger;

/// <summary>Where the store's time stood beside the clocks of the machine, at one moment.</summary>
/// <param name="StoreTime">Ticks of store time.</param>
/// <param name="WallTime">Ticks of the wall clock.</param>
/// <param name="Stopwatch">Ticks of the monotonic clock.</param>
/// <param name="BootId">The run of the machine in which its monotonic clock counts; empty where it is not known.</param>
public readonly record struct StoredClock(long StoreTime, long WallTime, long Stopwatch, string BootId)
{
    /// <summary>500 ppm: store time catches up with the wall clock by a tick in so many.</summary>
    internal const long SlewTicks = 2_000;

    /// <summary>It is written at most so often while the store is written.</summary>
    public static readonly TimeSpan WrittenEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>And at least so often while it is not.</summary>
    public static readonly TimeSpan WrittenAtLeastEvery = TimeSpan.FromMinutes(1);

    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    private static readonly string thisBoot = File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : "";

    public static StoredClock At(long storeTime, TimeProvider time) => new(storeTime, time.GetUtcNow().UtcTicks, StopwatchOf(time, time.GetTimestamp()), thisBoot);

    /// <summary>Where store time stands now by what has elapsed: no earlier than anything that the last process has written.</summary>
    /// <remarks>
    /// In the same run of the machine the monotonic clock tells what has elapsed. The last process may have been catching up with the wall clock at 500 ppm, up to the next
    /// time that it would have written: up to so much is added. Over a restart of the machine only the wall clock can tell, from its own earlier reading; when that was
    /// set back, what may have been written since the row is counted.
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
