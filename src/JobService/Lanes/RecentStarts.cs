namespace JobService.Lanes;

/// <summary>How many calls have started within the last second, about: two counts and a moment for each lane.</summary>
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

    /// <summary>Those of the second before count as far as it still reaches into the last one.</summary>
    public readonly int Recent(long now) => (now - begin) switch
    {
        < TimeSpan.TicksPerSecond and var age => count + (int)(before * (TimeSpan.TicksPerSecond - age) / TimeSpan.TicksPerSecond),
        < 2 * TimeSpan.TicksPerSecond and var age => (int)(count * ((2 * TimeSpan.TicksPerSecond) - age) / TimeSpan.TicksPerSecond),
        _ => 0,
    };
}
