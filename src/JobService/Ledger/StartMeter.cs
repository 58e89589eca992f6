namespace JobService.Ledger;

/// <summary>Starts per second, over the last ten seconds.</summary>
internal sealed class StartMeter
{
    private const int Seconds = 10;

    private readonly long[] counts = new long[Seconds];
    private long first = -1;
    private long latest;

    /// <param name="now">Ticks of store time; never earlier than before.</param>
    public void Count(long now)
    {
        var second = Advance(now);
        if (first < 0)
            first = second;
        counts[second % Seconds]++;
    }

    public double PerSecond(long now)
    {
        var second = Advance(now);
        if (first < 0)
            return 0;

        // The current second counts in proportion; for a meter younger than ten seconds, the time before does not lower the average.
        var since = Math.Max(first, second - Seconds + 1);
        var elapsed = TimeSpan.FromTicks(now).TotalSeconds - since;
        return Math.Round(counts.Sum() / Math.Max(elapsed, 1), 2);
    }

    private long Advance(long now)
    {
        var second = now / TimeSpan.TicksPerSecond;
        for (var passed = Math.Max(latest + 1, second - Seconds + 1); passed <= second; passed++)
            counts[passed % Seconds] = 0;
        if (first >= 0 && second - latest > Seconds)
            first = -1; // idle for longer than it remembers: starts again
        latest = second;
        return second;
    }
}
