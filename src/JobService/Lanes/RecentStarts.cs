namespace JobService.Lanes;

/// <summary>Approximately how many calls have started within the last second: two counters and a time for each lane.</summary>
internal struct RecentStarts
{
    private long begin;
    private int count;
    private int before;

    public void Count(long now)
    {
        var age = now - begin;
        if (age >= TimeSpan.TicksPerSecond)
            (begin, before, count) = (now, age < 2 * TimeSpan.TicksPerSecond ? count : 0, 0);
        count++;
    }

    /// <summary>Starts of the previous second count in proportion to its overlap with the last 1 s.</summary>
    public readonly int Recent(long now) => (now - begin) switch
    {
        < TimeSpan.TicksPerSecond and var age => count + (int)(before * (TimeSpan.TicksPerSecond - age) / TimeSpan.TicksPerSecond),
        < 2 * TimeSpan.TicksPerSecond and var age => (int)(count * ((2 * TimeSpan.TicksPerSecond) - age) / TimeSpan.TicksPerSecond),
        _ => 0,
    };
}
