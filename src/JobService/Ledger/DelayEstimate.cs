namespace JobService.Ledger;

/// <summary>Estimates a delay from its recent values: of claims, from the planning until the slot clock waits for the slots, so that no slot is earlier than that; and of alarms, which are set earlier by that much.</summary>
/// <param name="least">Lower bound of the estimate, in ticks.</param>
/// <param name="most">Upper bound of the estimate, in ticks.</param>
internal sealed class DelayEstimate(long least = DelayEstimate.Least, long most = DelayEstimate.Most)
{
    private const int Remembered = 128;

    /// <summary>One slow commit in a hundred, as in a process that has just started, must not delay every slot: the estimate is at most this many times the median.</summary>
    private const int TimesMedian = 4;

    /// <summary>A slot lost to a late commit costs a period; a slot later than necessary costs the difference: between 0.5 and 50 ms.</summary>
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
