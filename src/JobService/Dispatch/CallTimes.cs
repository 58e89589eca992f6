namespace JobService.Dispatch;

/// <summary>The recent durations of the calls of a queue, as far as they predict when the next one ends. Not thread-safe.</summary>
internal sealed class CallTimes
{
    private const int Remembered = 32;
    private const int Needed = 16;
    private const int Relearned = 8;

    /// <summary>Many shorter calls end before a claim is written; there is nothing to gain.</summary>
    private static readonly long Shortest = TimeSpan.FromMilliseconds(5).Ticks;

    /// <summary>With a larger spread, the prediction is too inexact for a start window of a few milliseconds.</summary>
    public static readonly long WidestSpread = TimeSpan.FromMilliseconds(2.5).Ticks;

    /// <summary>One expectation in five may fail: each costs a commit and a slot.</summary>
    private const int CostOfFailure = 4;
    private const int MostFailures = 16;

    private readonly long[] times = new long[Remembered];
    private long count;
    private int failures;

    /// <summary>Ticks that nearly every call takes at least; null while the durations differ too much, or are too short or too few.</summary>
    public long? Usual { get; private set; }

    public void Add(long ticks)
    {
        times[(int)(count++ % Remembered)] = ticks;
        if (count >= Needed && count % Relearned == 0)
            Usual = Learn();
    }

    /// <summary>Records whether a call ended when expected.</summary>
    public void Judge(bool inTime)
    {
        failures = Math.Max(failures + (inTime ? -1 : CostOfFailure), 0);
        if (failures < MostFailures)
            return;
        (count, failures, Usual) = (0, 0, null);
    }

    private long? Learn()
    {
        var sorted = times.AsSpan(0, (int)Math.Min(count, Remembered)).ToArray();
        Array.Sort(sorted);
        var (low, high) = (sorted[sorted.Length / 10], sorted[sorted.Length * 9 / 10]);
        return low >= Shortest && high - low <= WidestSpread ? low : null;
    }
}
