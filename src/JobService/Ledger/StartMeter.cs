namespace JobService.Ledger;

/// <summary>Starts a second, over the last ten.</summary>
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

        // The running second counts as far as it has come; a meter younger than ten seconds is not watered down by the time before.
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
            first = -1; // nothing for longer than it remembers: it begins anew
        latest = second;
        return second;
    }
}
