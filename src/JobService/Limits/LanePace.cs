namespace JobService.Limits;

/// <summary>What a lane without limits has learned from responses: a pause, a pace, and what the API says is left. Pure arithmetic, like a <see cref="LimitState"/>.</summary>
/// <remarks>
/// After a refusal that names no time, calls pause and then continue at the rate that succeeded in the last second. Each successful call raises the pace: by a quarter while it is below
/// the rate refused last, by a little near it, and by more again beyond it (slow start and congestion avoidance: Jacobson 1988; RFC 5681). A pace is measured rather than halved, since most APIs count in seconds.
/// A second refusal with no successful call in between doubles the pause and halves the pace; then single calls probe whether the API accepts calls again.
/// <para>If the reported windows have turned out not to be windows, the remaining count shows when the pace is high enough.</para>
/// </remarks>
internal sealed partial class LanePace
{
    private const long Second = TimeSpan.TicksPerSecond;
    private const double Growth = 1.25;
    private const double GrowthNearRefusal = 1.002;

    /// <summary>The rate that was refused succeeds now: the refusal was a blip.</summary>
    private const double GrowthBeyond = 1.05;

    /// <summary>Calls per second, added for each successful call: 2 % per second, which is the delay with which the remaining count shows it.</summary>
    private const double Step = 0.02;

    /// <summary>A tenth of what a window has had is left: the pace is high enough.</summary>
    private const int EnoughLeft = 10;

    /// <summary>Near the refused rate.</summary>
    private const double Near = 0.9;

    private const double LeastCut = 0.85;
    private const double MostCut = 0.5;
    private const double SlowestPace = 1.0 / 64;

    /// <summary>Successful calls since the last refusal after which the refused rate is forgotten.</summary>
    private const int LongQuiet = 100;

    /// <summary>Calls per second above which a pace is no limit.</summary>
    private const double Unbounded = 1_000;

    /// <summary>Consecutive refusals after which the pause is no longer doubled: 64 s.</summary>
    private const int MaxDoublings = 6;

    /// <summary>Timers are late: up to this much is made up for if more than one call falls into it.</summary>
    private const long CatchUp = 10 * TimeSpan.TicksPerMillisecond;

    /// <summary>A lane that waits for its own calls is checked again when one ends, or after this time.</summary>
    private const long LongestWait = Second;

    /// <summary>Fewer successful calls within a second say nothing about the pace.</summary>
    private const int LeastPassed = 4;

    private long calls;
    private long nextAt;
    private long slowedAt;
    private double refusedPace;
    private int passed;
    private int passedSince;
    private int refusalsInARow;

    /// <summary>Whether the pace follows the remaining count.</summary>
    private bool heedsLeft;

    /// <summary>No call starts before this time.</summary>
    public long PausedUntil { get; private set; }

    /// <summary>Calls per second; null when there is no pace.</summary>
    public double? Pace { get; private set; }

    /// <summary>When everything learned expires. A window that has just ended still counts for a while: the first call of the next one is a single probe.</summary>
    public long RestsAt => Math.Max(PausedUntil, Math.Max(told?.Until ?? 0, Pace is null ? 0 : slowedAt) is > 0 and var last ? last + StoredLane.Memory : 0);

    /// <summary>The first moment from now on at which a call may start.</summary>
    public long EarliestAt(long now, int underWay)
    {
        var at = Math.Max(Math.Max(now, PausedUntil), Pace is null ? 0 : nextAt);
        if (told is not null && told.NotBefore(at, underWay, amount: 1) is var free && free > at)
            at = Math.Max(at, underWay == 0 ? Math.Min(free, TriesAt) : free);
        return AsksAlone(at) && underWay > 0 ? Math.Max(at, now + LongestWait) : at;
    }

    /// <summary>The same for a call with this many calls before it, at the current pace.</summary>
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

    /// <summary>The API has accepted a call.</summary>
    public void Passed(long startedAt)
    {
        refusalsInARow = 0;
        if (startedAt <= slowedAt || Pace is not { } pace)
            return;

        passedSince++;
        if (passedSince >= LongQuiet && !heedsLeft)
            refusedPace = 0;
        var near = refusedPace * Near;
        // For one second the remaining count still reflects the pause.
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
            // It was in progress together with the first refused call: fewer calls have succeeded than it seemed then.
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

    /// <summary>What a store keeps. The remaining count is not kept, unless nothing is left: the next response reports it again.</summary>
    public StoredLane ToStored() => new(Math.Max(PausedUntil, told?.LeftAt(told.Until - 1, underWay: 0) == 0 ? told.Until : 0), Pace, slowedAt);

    /// <summary>Restores what was stored. A damaged row cannot stop calls for long.</summary>
    public void Restore(StoredLane stored)
    {
        (PausedUntil, slowedAt) = (stored.PausedUntil, stored.SlowedAt);
        Pace = stored.Pace is { } pace and >= SlowestPace and < Unbounded ? pace : null;
    }

    /// <summary>A single call probes whether the API accepts calls again, or what is left of its next window.</summary>
    private bool AsksAlone(long at) => refusalsInARow > 1 || (told is not null && at >= (told.IsSpent ? TriesAt : told.Until));

    private static long Gap(double pace) => (long)Math.Ceiling(Second / pace);
}

/// <summary>What a lane has learned, at one moment.</summary>
/// <param name="PausedUntil">No call starts before this time.</param>
/// <param name="Pace">Calls per second.</param>
/// <param name="Remaining">Calls that the API says it still allows, beyond those in progress.</param>
/// <param name="RemainingUntil">When it resets its count.</param>
public readonly record struct LaneLearned(long? PausedUntil, double? Pace, long? Remaining, long? RemainingUntil);

/// <summary>What is kept of what a lane has learned.</summary>
/// <param name="PausedUntil">No call starts before this time.</param>
/// <param name="Pace">Calls per second; null when there is no pace.</param>
/// <param name="SlowedAt">When the last refusal came.</param>
public readonly record struct StoredLane(long PausedUntil, double? Pace, long SlowedAt)
{
    /// <summary>How long after the last refusal a pace is forgotten.</summary>
    public const long Memory = 300 * TimeSpan.TicksPerSecond;

    /// <summary>It says nothing any more.</summary>
    public bool IsForgotten(long now) => PausedUntil <= now && (Pace is null || SlowedAt <= now - Memory);
}
