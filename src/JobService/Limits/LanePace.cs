namespace JobService.Limits;

/// <summary>What responses have taught about calls without a limit: a pause, a pace, and what the API says is left. Pure arithmetic, as a <see cref="LimitState"/>.</summary>
/// <remarks>
/// A refusal that names no moment pauses, and then calls go at the pace of what has passed in the last second. Each call that passes raises the pace: by a quarter while it is below
/// what was refused last, and by a little near it, more again beyond it (slow start and congestion avoidance: Jacobson 1988; RFC 5681). A pace is measured rather than halved, since most APIs count in seconds.
/// A refusal behind a refusal, with no call passed between them, doubles the pause and halves the pace; then one call at a time asks whether the API is back.
/// <para>Where what is told of windows has turned out to be no window's, what is left says when the pace is enough.</para>
/// </remarks>
internal sealed partial class LanePace
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const double Growth = 1.25;
    private const double GrowthNearRefusal = 1.002;

    /// <summary>What was refused passes now: it was a blip.</summary>
    private const double GrowthBeyond = 1.05;

    /// <summary>Calls a second, for each that has passed: 2 % in a second, which is how late it is seen in what is left.</summary>
    private const double Step = 0.02;

    /// <summary>Of what a window has had a tenth is left: the pace is enough.</summary>
    private const int EnoughLeft = 10;

    /// <summary>Near what was refused.</summary>
    private const double Near = 0.9;

    private const double LeastCut = 0.85;
    private const double MostCut = 0.5;
    private const double SlowestPace = 1.0 / 64;

    /// <summary>Calls that have passed since the last refusal, from which on what was refused says nothing any more.</summary>
    private const int LongQuiet = 100;

    /// <summary>A pace that is no pace: calls a second.</summary>
    private const double Unbounded = 1_000;

    /// <summary>Refusals in a row from which on the pause is not doubled any more: 64 s.</summary>
    private const int MaxDoublings = 6;

    /// <summary>Timers are late: so much is made up for where more than one call falls into it.</summary>
    private const long CatchUp = 10 * TimeSpan.TicksPerMillisecond;

    /// <summary>A lane that waits for its own calls is asked again when one ends, or after this.</summary>
    private const long LongestWait = Second;

    /// <summary>Fewer that have passed within a second say nothing of the pace.</summary>
    private const int LeastPassed = 4;

    private long calls;
    private long nextAt;
    private long slowedAt;
    private double refusedPace;
    private int passed;
    private int passedSince;
    private int refusalsInARow;

    /// <summary>The pace follows what is left.</summary>
    private bool heedsLeft;

    /// <summary>No call before.</summary>
    public long PausedUntil { get; private set; }

    /// <summary>Calls a second; null when there is no pace.</summary>
    public double? Pace { get; private set; }

    /// <summary>From then on all of it says nothing any more. A window that is over does for a while: the first call of the next one asks alone.</summary>
    public long RestsAt => Math.Max(PausedUntil, Math.Max(told?.Until ?? 0, Pace is null ? 0 : slowedAt) is > 0 and var last ? last + StoredLane.Memory : 0);

    /// <summary>The first moment from now on at which a call may start.</summary>
    public long EarliestAt(long now, int underWay)
    {
        var at = Math.Max(Math.Max(now, PausedUntil), Pace is null ? 0 : nextAt);
        if (told is not null && told.NotBefore(at, underWay, amount: 1) is var free && free > at)
            at = Math.Max(at, underWay == 0 ? Math.Min(free, TriesAt) : free);
        return AsksAlone(at) && underWay > 0 ? Math.Max(at, now + LongestWait) : at;
    }

    /// <summary>The same for a call that so many go before, at the pace of now.</summary>
    public long EarliestAfter(long now, int underWay, long ahead) =>
        EarliestAt(now, underWay) + (Pace is { } pace ? (long)Math.Min(ahead * (double)Gap(pace), DateTime.MaxValue.Ticks / 4) : 0);

    /// <summary>Calls that may start at once, at a moment that <see cref="EarliestAt"/> allows.</summary>
    public int Allowed(long now, int underWay)
    {
        var atMost = told?.LeftAt(now, underWay) ?? int.MaxValue;
        if (Pace is { } pace)
            atMost = Math.Min(atMost, 1 + ((now - Math.Max(nextAt, now - CatchUp)) / Gap(pace)));
        return AsksAlone(now) ? 1 : (int)Math.Clamp(atMost, 1, int.MaxValue);
    }

    /// <summary>A call starts.</summary>
    /// <returns>Its number.</returns>
    public long Start(long now)
    {
        if (Pace is { } pace)
            nextAt = Math.Max(nextAt, Gap(pace) < CatchUp ? now - CatchUp : now) + Gap(pace);
        calls++;
        if (told is { IsSpent: true } && now < told.Until)
            (triedAt, triedCall) = (now, calls);
        else if (now >= told?.Until)
            askedCall = calls;
        return calls;
    }

    /// <summary>The API has taken a call.</summary>
    public void Passed(long startedAt)
    {
        refusalsInARow = 0;
        if (startedAt <= slowedAt || Pace is not { } pace)
            return;

        passedSince++;
        if (passedSince >= LongQuiet && !heedsLeft)
            refusedPace = 0;
        var near = refusedPace * Near;
        // For a second what is left tells of the pause.
        var step = startedAt < Math.Max(slowedAt, PausedUntil) + Second ? 0 : Step;
        var grown = heedsLeft && left <= whole / EnoughLeft ? pace
            : refusedPace == 0 ? pace * Growth
            : pace < near ? Math.Min(pace * Growth, near)
            : heedsLeft ? pace + step
            : pace * (pace < refusedPace ? GrowthNearRefusal : GrowthBeyond);
        (nextAt, Pace) = (nextAt - Gap(pace) + Gap(grown), grown < Unbounded ? grown : null);
    }

    /// <summary>The API has refused a call.</summary>
    /// <param name="startedAt">When it was sent.</param>
    /// <param name="notBefore">When the API wants to be called again; null when it did not say.</param>
    /// <param name="recent">Calls that have started within the last second, this one among them.</param>
    /// <param name="now">When this became known.</param>
    public void Refuse(long startedAt, long? notBefore, int recent, long now)
    {
        if (slowedAt > 0 && startedAt <= slowedAt)
        {
            // It was under way with the one that was refused first: less has passed than it seemed then.
            if (refusedPace == 0 && Pace is not null)
                Pace = passed = Math.Max(passed - 1, 1);
            PausedUntil = Math.Max(PausedUntil, notBefore ?? 0);
            return;
        }

        if (startedAt == triedAt)
        {
            FailTry(notBefore);
            return;
        }

        refusalsInARow = Math.Min(refusalsInARow + 1, MaxDoublings + 1);
        PausedUntil = Math.Max(PausedUntil, notBefore ?? now + (Second << (refusalsInARow - 1)));
        passed = Math.Max(recent - 1, 1);
        (slowedAt, passedSince, nextAt) = (now, 0, 0);
        var count = Math.Max(passed, Math.Min(taken, whole));
        if (count >= LeastPassed && IsDenied(startedAt, notBefore, now))
        {
            Disbelieve(count, Math.Max(notBefore!.Value - now, told!.Until - told.Since), now);
            return;
        }

        refusedPace = Pace ?? 0;
        Pace = Pace is not { } pace ? passed
            : Math.Max(refusalsInARow > 1 ? pace / 2 : Math.Clamp(passed, pace * MostCut, pace * LeastCut), SlowestPace);
    }

    public LaneLearned LearnedAt(long now, int underWay) =>
        new(PausedUntil > now ? PausedUntil : null, Pace, told?.LeftAt(now, underWay), told?.Until > now ? told.Until : null);

    /// <summary>What a store keeps. What is left is not kept, unless nothing is: the next response tells it again.</summary>
    public StoredLane ToStored() => new(Math.Max(PausedUntil, told?.LeftAt(told.Until - 1, underWay: 0) == 0 ? told.Until : 0), Pace, slowedAt);

    /// <summary>Takes up what was stored. A row that is damaged stops nothing for long.</summary>
    public void Restore(StoredLane stored)
    {
        (PausedUntil, slowedAt) = (stored.PausedUntil, stored.SlowedAt);
        Pace = stored.Pace is { } pace and >= SlowestPace and < Unbounded ? pace : null;
    }

    /// <summary>One call asks: whether the API is back, or what is left of its next window.</summary>
    private bool AsksAlone(long at) => refusalsInARow > 1 || (told is not null && at >= (told.IsSpent ? TriesAt : told.Until));

    private static long Gap(double pace) => (long)Math.Ceiling(Second / pace);
}

/// <summary>What a lane has learned, at one moment.</summary>
/// <param name="PausedUntil">No call before.</param>
/// <param name="Pace">Calls a second.</param>
/// <param name="Remaining">Calls that the API says it still allows, beyond those under way.</param>
/// <param name="RemainingUntil">When it counts anew.</param>
public readonly record struct LaneLearned(long? PausedUntil, double? Pace, long? Remaining, long? RemainingUntil);

/// <summary>What is kept of what a lane has learned.</summary>
/// <param name="PausedUntil">No call before.</param>
/// <param name="Pace">Calls a second; null when there is no pace.</param>
/// <param name="SlowedAt">When the last refusal came.</param>
public readonly record struct StoredLane(long PausedUntil, double? Pace, long SlowedAt)
{
    /// <summary>A pace is forgotten so long after the last refusal.</summary>
    public const long Memory = 300 * TimeSpan.TicksPerSecond;
}
