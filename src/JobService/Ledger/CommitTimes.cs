namespace JobService.Ledger;

/// <summary>How long claims have lately taken from planning until their slots are waited for: no slot may lie before that. Or how late alarms have come: so much earlier they are set.</summary>
/// <param name="least">Ticks that are counted with in any case.</param>
/// <param name="most">Ticks that are counted with at most.</param>
internal sealed class CommitTimes(long least = CommitTimes.Least, long most = CommitTimes.Most)
{
    private const int Remembered = 128;

    /// <summary>Of a hundred commits the slowest one alone, as in a process that has just begun, is not to keep every slot away: the lead is at most so many times the median.</summary>
    private const int TimesMedian = 4;

    /// <summary>A slot given away to a late commit costs a period; a slot later than needed costs the difference: between 0.5 and 50 ms.</summary>
    private const long Least = TimeSpan.TicksPerMillisecond / 2;
    public const long Most = 50 * TimeSpan.TicksPerMillisecond;

    private readonly long[] times = new long[Remembered];
    private long count;

    public long Lead { get; private set; } = Math.Max(least, TimeSpan.FromMilliseconds(2).Ticks);

    public void Add(long ticks)
    {
        times[(int)(count++ % Remembered)] = ticks;
        if (count % (Remembered / 8) == 0)
            Lead = Math.Clamp(HighPercentile(), least, most);
    }

    private long HighPercentile()
    {
        var sorted = times.AsSpan(0, (int)Math.Min(count, Remembered)).ToArray();
        Array.Sort(sorted);
        return Math.Min(sorted[sorted.Length * 99 / 100], TimesMedian * sorted[sorted.Length / 2]);
    }
}
