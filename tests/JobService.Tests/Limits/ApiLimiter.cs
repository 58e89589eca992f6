namespace JobService.Tests.Limits;

/// <summary>How a limiter of the field tells when it counts anew.</summary>
public enum Telling
{
    Nothing,
    Exactly,

    /// <summary>Whole seconds left, rounded up.</summary>
    SecondsUp,

    /// <summary>Whole seconds since 1970, rounded up.</summary>
    EpochUp,

    /// <summary>Whole seconds since 1970, rounded down.</summary>
    EpochDown,
}

/// <summary>Ways of the field to allow 10 calls a second.</summary>
public enum Limiting
{
    /// <summary>A window that begins with its first call.</summary>
    FirstCall,

    /// <summary>Windows that begin with whole seconds.</summary>
    Aligned,
    SlidingLog,

    /// <summary>The count of the window before, as far as it still reaches into the last second, and of this one.</summary>
    SlidingCounter,
    Bucket1,
    Bucket5,
    Bucket10,

    /// <summary>Four calls of 0.4 s at once.</summary>
    Concurrency,
}

/// <summary>A limiter of 10 calls a second as APIs have it. Refused calls count nowhere.</summary>
internal sealed class ApiLimiter(Limiting kind)
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const int Allowed = 10;
    private const int Width = 4;

    private readonly Queue<long> log = new();
    private long windowEnd;
    private int count;
    private int countBefore;
    private double tokens = double.NaN;
    private long filledAt;
    private int atOnce;

    public int Accepted { get; private set; }

    public int Refused { get; private set; }

    /// <summary>How long a call takes that was accepted.</summary>
    public long Duration => kind == Limiting.Concurrency ? 4 * Second / 10 : 0;

    /// <returns>Whether the call is accepted, what is left, and when the count begins anew.</returns>
    public (bool Ok, int Left, long End) Call(long now)
    {
        var (ok, left, end) = kind switch
        {
            Limiting.FirstCall => Window(now, now + Second),
            Limiting.Aligned => Window(now, ((now / Second) + 1) * Second),
            Limiting.SlidingLog => Log(now),
            Limiting.SlidingCounter => Counter(now),
            Limiting.Bucket1 => Bucket(now, 1),
            Limiting.Bucket5 => Bucket(now, 5),
            Limiting.Bucket10 => Bucket(now, 10),
            _ => (atOnce < Width, Width - atOnce - 1, now),
        };
        if (ok && kind == Limiting.Concurrency)
            atOnce++;
        (Accepted, Refused) = (Accepted + (ok ? 1 : 0), Refused + (ok ? 0 : 1));
        return (ok, Math.Max(left, 0), end);
    }

    public void End() => atOnce--;

    /// <summary>What the response says: when the count begins anew, as the client reads it when it comes.</summary>
    public static long? Tell(Telling how, long end, long saidAt, long readAt)
    {
        static long Up(long ticks) => (ticks + Second - 1) / Second * Second;
        return how switch
        {
            Telling.Exactly => readAt + (end - saidAt),
            Telling.SecondsUp => readAt + Up(end - saidAt),
            Telling.EpochUp => Up(end),
            // What was cut to a second that has begun is over with it.
            Telling.EpochDown => end / Second * Second is var second && second > readAt ? second : second + Second,
            _ => null,
        };
    }

    private (bool Ok, int Left, long End) Window(long now, long end)
    {
        if (now >= windowEnd)
            (windowEnd, count) = (end, 0);
        var ok = count < Allowed;
        count += ok ? 1 : 0;
        return (ok, Allowed - count, windowEnd);
    }

    private (bool Ok, int Left, long End) Log(long now)
    {
        while (log.TryPeek(out var oldest) && oldest <= now - Second)
            log.Dequeue();
        var ok = log.Count < Allowed;
        if (ok)
            log.Enqueue(now);
        return (ok, Allowed - log.Count, log.Peek() + Second);
    }

    private (bool Ok, int Left, long End) Counter(long now)
    {
        var begin = now / Second * Second;
        if (begin + Second != windowEnd)
            (countBefore, count, windowEnd) = (begin == windowEnd ? count : 0, 0, begin + Second);
        var weighed = count + (countBefore * (double)(windowEnd - now) / Second);
        var ok = weighed + 1 <= Allowed;
        count += ok ? 1 : 0;
        return (ok, (int)(Allowed - weighed - (ok ? 1 : 0)), windowEnd);
    }

    private (bool Ok, int Left, long End) Bucket(long now, int size)
    {
        tokens = double.IsNaN(tokens) ? size : Math.Min(size, tokens + ((double)(now - filledAt) * Allowed / Second));
        filledAt = now;
        var ok = tokens >= 1;
        tokens -= ok ? 1 : 0;
        return (ok, (int)tokens, now + (long)(Math.Max(0, 1 - tokens) * Second / Allowed));
    }
}
