namespace JobService.Storage.Sqlite;

/// <summary>How long claims have lately taken from planning to the end of their commit: no slot may lie before that.</summary>
internal sealed class CommitTimes
{
    private const int Remembered = 128;

    /// <summary>Of a hundred commits the slowest one alone, as in a process that has just begun, is not to keep every slot away: the lead is at most so many times the median.</summary>
    private const int TimesMedian = 4;

    /// <summary>A slot given away to a late commit costs a period; a slot later than needed costs the difference: between 0.5 and 50 ms.</summary>
    private static readonly long Least = TimeSpan.FromMilliseconds(0.5).Ticks;
    public static readonly long Most = TimeSpan.FromMilliseconds(50).Ticks;

    private readonly long[] times = new long[Remembered];
    private long count;

    public long Lead { get; private set; } = TimeSpan.FromMilliseconds(2).Ticks;

    public void Add(long ticks)
    {
        times[(int)(count++ % Remembered)] = ticks;
        if (count % (Remembered / 8) == 0)
            Lead = Math.Clamp(HighPercentile(), Least, Most);
    }

    private long HighPercentile()
    {
        var sorted = times.AsSpan(0, (int)Math.Min(count, Remembered)).ToArray();
        Array.Sort(sorted);
        return Math.Min(sorted[sorted.Length * 99 / 100], TimesMedian * sorted[sorted.Length / 2]);
    }
}
