namespace JobService.Dispatch;

/// <summary>The recent durations of the calls of a queue, as far as they predict when the next one ends. Not thread-safe.</summary>
internal sealed class CallTimes
{
    private const int Remembered = 32;
    private const int Needed = 16;
    private const int Relearned = 8;

    /// <summary>Shorter calls end before a claim is written: their ends cannot be awaited one by one.</summary>
    private static readonly long Shortest = TimeSpan.FromMilliseconds(5).Ticks;

    /// <summary>Calls that nearly all take less are quick: their permits return several times while a claim is written.</summary>
    private static readonly long Quickest = TimeSpan.FromMilliseconds(1).Ticks;

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

    /// <summary>Ticks that nearly every call takes at most; null while calls are not quick, or too few.</summary>
    public long? Quick { get; private set; }

    public void Add(long ticks)
    {
        times[(int)(count++ % Remembered)] = ticks;
        if (count >= Needed && count % Relearned == 0)
            Learn();
    }

    /// <summary>Records whether a call ended when expected.</summary>
    public void Judge(bool inTime)
    {
        failures = Math.Max(failures + (inTime ? -1 : CostOfFailure), 0);
        if (failures < MostFailures)
            return;
        (count, failures, Usual, Quick) = (0, 0, null, null);
    }

    private void Learn()
    {
        var sorted = times.AsSpan(0, (int)Math.Min(count, Remembered)).ToArray();
        Array.Sort(sorted);
        var (low, high) = (sorted[sorted.Length / 10], sorted[sorted.Length * 9 / 10]);
        Usual = low >= Shortest && high - low <= WidestSpread ? low : null;
        Quick = high <= Quickest ? high : null;
    }
}
