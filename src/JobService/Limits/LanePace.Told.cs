namespace JobService.Limits;

/// <summary>What the API says is left and until when, and checks whether that is true.</summary>
/// <remarks>
/// A window end in whole epoch seconds may be up to a second late, which for a window of one second costs half of the capacity. So where windows seem to be short, one call tries once
/// whether the window is over a second before its stated end: the result shows how long windows are, or that they end as stated.
/// <para>Not every API that reports windows counts in windows. A bucket of size one that reports whole seconds says after each call that nothing is left for a second; a sliding counter is not empty when its
/// window ends, and allows calls long before the next one ends. When a call succeeds in the middle of such a wait, or the call at its end is told to wait for another window, the statements are
/// no longer trusted, and a pace is learned instead. This is tried when nothing was left from the first call on, and when the first call of a window found less than earlier windows had; the latter may also be
/// because others call the API, or because the API reports a bucket: so the trial must find much more than that.</para>
/// </remarks>
internal sealed partial class LanePace
{
    /// <summary>Statements about longer windows are trusted: a trial could cost a refusal that lasts minutes.</summary>
    private const long LongestTried = 5 * Second;

    /// <summary>Shorter windows cost little and are not tried.</summary>
    private const long ShortestTried = Second / 4;

    /// <summary>Failed trials after which the statements are trusted.</summary>
    private const int MaxFailedTries = 2;

    /// <summary>Added to the whole second: a window that began with a call ends this much later.</summary>
    private const long TryDelay = 50 * TimeSpan.TicksPerMillisecond;

    /// <summary>Share of what a sliding counter has accepted within a window: it accepts no more in the next.</summary>
    private const double BelowDenied = 0.9;

    /// <summary>A window with less than this share of what windows have had is incomplete.</summary>
    private const double LeastFound = 0.8;

    /// <summary>Shorter waits come from rounding, or are the rest of a window.</summary>
    private const long LeastWait = Second * 9 / 10;

    /// <summary>In the middle of a wait a bucket has half of what it has at the end: more than both together cannot be a bucket.</summary>
    private const double FoundInBucket = 1.5;

    private ToldWindow? told;

    /// <summary>The length of windows, once a trial has shown it.</summary>
    private long window;
    private long triedAt;
    private long triedCall;
    private int failedTries;

    /// <summary>The largest number of calls known to have been allowed in a window.</summary>
    private long whole;

    // The probe, the single call sent after a window's end; what it found, itself included; and the calls that have reported its window, itself included.
    private long askedCall;
    private long found;
    private long taken;
    private bool foundLess;
    private int vainTries;

    private bool isDisbelieved;

    /// <summary>What the last response said is left, while its end time is not trusted; null when it said nothing.</summary>
    private long? left;

    /// <summary>When one call tries whether the window is over early; the stated end when the length is known or a trial is not worthwhile.</summary>
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

    /// <summary>The API has accepted a call without saying what is left.</summary>
    /// <remarks>If the end of the window has just passed, the probe after it will say more.</remarks>
    public void Untell(long call, long now)
    {
        left = null;
        if (now < told?.Until || call == askedCall)
            told = null;
    }

    /// <summary>The trial call succeeded: the length of windows is known, or that there are none.</summary>
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

    /// <summary>The trial call was refused.</summary>
    private void FailTry(long? notBefore)
    {
        failedTries++;
        if (foundLess)
            (foundLess, vainTries) = (false, MaxFailedTries);
        PausedUntil = Math.Max(PausedUntil, notBefore ?? told?.Until ?? 0);
    }

    /// <summary>The probe after the end of a window was told to wait for another whole one.</summary>
    private bool IsDenied(long startedAt, long? notBefore, long now) =>
        told is not null && startedAt >= told.Until && told.Until - told.Since <= LongestTried
        && notBefore - now is >= ShortestTried and <= LongestTried and var wait && wait > (told.Until - told.Since) / 2;

    /// <summary>The number of calls that succeed within such a wait.</summary>
    private void Disbelieve(long count, long wait, long now)
    {
        var seconds = Math.Max(wait, Second) / (double)Second;
        Disbelieve(count * BelowDenied / seconds, now);
        (refusedPace, heedsLeft) = (Math.Max(count, whole) / seconds, whole > 1);
    }

    /// <remarks>As after a refusal: the pace is remembered for as long.</remarks>
    private void Disbelieve(double pace, long now) => (told, isDisbelieved, Pace, slowedAt, nextAt) = (null, true, pace, now, now + Gap(pace));
}
