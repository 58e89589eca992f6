namespace JobService.Limits;

/// <summary>What the API says is left, until when, and whether that is so.</summary>
/// <remarks>
/// An end that is told in whole seconds since 1970 may be up to a second late, and at a window of one second that is half of it. So where windows seem to be short one call tries, once,
/// whether a window is over a second before its end: how long windows are is then known, or that they end as told.
/// <para>Not all that tell of windows count in windows. A bucket of one that tells whole seconds says after each call that nothing is left for a second; a sliding counter is not empty when its
/// window ends, and has room again long before the next one does. Where a call passes in the middle of such a wait, or where the call at its end is to wait for another window, what is told is
/// believed no more, and a pace is found. That is tried where nothing was left from the first call on, and where the first call of a window found less than windows have had; the latter may also be
/// because others call there, or because a bucket is told of: so it has to find much more than that.</para>
/// </remarks>
internal sealed partial class LanePace
{
    /// <summary>What is told of longer windows is believed: a try would cost a refusal where that is a matter of minutes.</summary>
    private const long LongestTried = 5 * Second;

    /// <summary>What is told of shorter ones costs little.</summary>
    private const long ShortestTried = Second / 4;

    /// <summary>Tries in vain from which on what is told is believed.</summary>
    private const int MaxFailedTries = 2;

    /// <summary>Behind the whole second: what began with a call ends so much later.</summary>
    private const long TryDelay = 50 * TimeSpan.TicksPerMillisecond;

    /// <summary>Of what a sliding counter has taken within a window: it takes no more in the next.</summary>
    private const double BelowDenied = 0.9;

    /// <summary>A window with less than this share of what windows have had is no whole one.</summary>
    private const double LeastFound = 0.8;

    /// <summary>Shorter waits are the end of a rounding, or the rest of a window.</summary>
    private const long LeastWait = Second * 9 / 10;

    /// <summary>In the middle of a wait a bucket has half of what it has at the end: more than both together is no bucket's.</summary>
    private const double FoundInBucket = 1.5;

    private ToldWindow? told;

    /// <summary>How long windows are, when a try has shown it.</summary>
    private long window;
    private long triedAt;
    private long triedCall;
    private int failedTries;

    /// <summary>The most that a window is known to have had.</summary>
    private long whole;

    // The call that asked alone behind a window's end, what it found, itself included, and the calls that have told of its window, itself included.
    private long askedCall;
    private long found;
    private long taken;
    private bool foundLess;
    private int vainTries;

    private bool isDisbelieved;

    /// <summary>What the last response said is left, when it is not believed until when; null when it said nothing.</summary>
    private long? left;

    /// <summary>When one call tries whether the window is over before its end; its end when that is known, or not worth a try.</summary>
    private long TriesAt => failedTries == MaxFailedTries ? told!.Until : (told!.Until - told.Since) switch
    {
        >= ShortestTried and <= LongestTried and var wait when told.SpentAtOnce > 1 || foundLess => told.Since + (wait / 2),
        > Second + TryDelay and <= LongestTried when told.SpentAtOnce <= 1 && window == 0 => told.Until - Second + TryDelay,
        _ => told.Until,
    };

    /// <summary>The API says what is left.</summary>
    public void Tell(long call, long remaining, long until, long now, int underWay)
    {
        refusalsInARow = 0;
        (taken, whole, left) = (taken + 1, Math.Max(whole, remaining + 1), remaining);
        if (isDisbelieved)
            return;
        told ??= new ToldWindow();
        if (call == triedCall && triedAt > 0 && ShowsNoWindow(remaining, now))
            return;
        if (call == askedCall && call > 0)
        {
            foundLess = vainTries < MaxFailedTries && remaining + 1 < whole * LeastFound && Math.Min(told.Until - told.Since, until - now) >= LeastWait;
            (found, taken) = (remaining + 1, 1);
        }

        told.Tell(new ToldLeft(Math.Min(call, calls), remaining, until, now, calls, calls), underWay, window, isWhole: false);
    }

    /// <summary>The API has taken a call, and does not say what is left.</summary>
    /// <remarks>Where the end of the window has just passed, the call that asks behind it says more.</remarks>
    public void Untell(long call, long now)
    {
        left = null;
        if (now < told?.Until || call == askedCall)
            told = null;
    }

    /// <summary>The call that tried has passed: how long windows are is known, or that there are none.</summary>
    private bool ShowsNoWindow(long remaining, long now)
    {
        var sinceTold = triedAt - told!.Since;
        triedAt = 0;
        if (foundLess)
        {
            var count = taken + remaining;
            if (count * 2 >= whole && count > found * FoundInBucket)
            {
                Disbelieve(Math.Min(count, whole), told.Until - told.Since, now);
                return true;
            }

            (foundLess, vainTries) = (false, vainTries + 1);
            return false;
        }

        if (told.SpentAtOnce > 1)
        {
            Disbelieve((double)Second / sinceTold, now);
            return true;
        }

        window = sinceTold;
        return false;
    }

    /// <summary>The call that tried was refused.</summary>
    private void FailTry(long? notBefore)
    {
        failedTries++;
        if (foundLess)
            (foundLess, vainTries) = (false, MaxFailedTries);
        PausedUntil = Math.Max(PausedUntil, notBefore ?? told?.Until ?? 0);
    }

    /// <summary>The call that asked alone behind the end of a window is to wait for another whole one.</summary>
    private bool IsDenied(long startedAt, long? notBefore, long now) =>
        told is not null && startedAt >= told.Until && told.Until - told.Since <= LongestTried
        && notBefore - now is >= ShortestTried and <= LongestTried and var wait && wait > (told.Until - told.Since) / 2;

    /// <summary>So many calls pass within such a wait.</summary>
    private void Disbelieve(long count, long wait, long now)
    {
        var seconds = Math.Max(wait, Second) / (double)Second;
        Disbelieve(count * BelowDenied / seconds, now);
        (refusedPace, heedsLeft) = (Math.Max(count, whole) / seconds, whole > 1);
    }

    /// <remarks>As behind a refusal: so long is the pace remembered.</remarks>
    private void Disbelieve(double pace, long now) => (told, isDisbelieved, Pace, slowedAt, nextAt) = (null, true, pace, now, now + Gap(pace));
}
