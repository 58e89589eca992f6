namespace JobService.Limits;

/// <summary>What an API says is left of its current window. Calls in progress may not be counted yet: no more calls are allowed than are left beyond them.</summary>
/// <remarks>
/// Responses overtake each other, and their values are rounded: whole seconds are up to one too late, whole epoch seconds too late or too early. So of the statements
/// about one window the fewest left and the earliest end count. A statement belongs to the window that is known when what is left fell by no more than what was called,
/// and when its end is later by no more than the elapsed time: a countdown in whole seconds is late by no more. Everything else is about another window.
/// </remarks>
internal sealed class ToldWindow
{
    /// <summary>By how much statements about one window differ without rounding: the network delay of a response.</summary>
    private const long Jitter = 50 * TimeSpan.TicksPerMillisecond;

    private const long Rounding = TimeSpan.TicksPerSecond;

    private long left;
    private long toldAt;
    private long lastCall;
    private long handedOut;
    private long underWayThen;

    // The end of the window if it is known to have begun with a call: seconds that were rounded down cannot end it earlier.
    private long wholeUntil;
    private long firstCallAt;

    /// <summary>When the API resets its count.</summary>
    public long Until { get; private set; }

    /// <summary>When the window was first reported.</summary>
    public long Since { get; private set; }

    /// <summary>When the first call of the window that a response belongs to was sent, as far as is known: this one if no window is known.</summary>
    public long FirstCallAt(long startedAt, long now) => now < Until && firstCallAt > 0 ? Math.Min(firstCallAt, startedAt) : startedAt;

    /// <summary>Nothing is left.</summary>
    public bool IsSpent => left == 0;

    /// <summary>Consecutive windows of which nothing was left from their first call on, with no other call in progress: they allow one call each, or are not windows.</summary>
    public int SpentAtOnce { get; private set; }

    /// <summary>Processes what a response said.</summary>
    /// <param name="statement">What it said.</param>
    /// <param name="underWay">Handed out and without a response, excluding the call whose response just arrived.</param>
    /// <param name="period">Period of the limit itself: rounding makes no window longer than this. Zero when it has none.</param>
    /// <param name="isWhole">The window has just begun with this call, and allows no less than the limit itself: rounded or not, it ends a period from now.</param>
    public void Tell(in ToldLeft statement, long underWay, long period, bool isWhole)
    {
        var (now, isLater) = (statement.Now, statement.Call > lastCall);
        if (now < Until)
        {
            if (statement.Left >= left && !isLater)
            {
                Shorten(statement.Until, now); // it was counted before the known statement
                return;
            }

            if (statement.Left < left && left - statement.Left <= statement.HandedOut - handedOut + underWayThen && statement.Until - Until <= now - toldAt + Jitter)
            {
                Note(statement, underWay);
                Shorten(statement.Until, now);
                return;
            }
        }

        Note(statement, underWay);
        firstCallAt = statement.StartedAt;
        SpentAtOnce = statement.Left == 0 && underWay == 0 ? SpentAtOnce + 1 : 0;
        wholeUntil = isWhole && period > 0 ? now + period : 0;
        var isRoundedUp = period > 0 && statement.Until > now + period && statement.Until - now - period <= Rounding;
        (Until, toldAt, Since) = (isRoundedUp ? now + period : NotShorter(statement.Until), now, now);
    }

    /// <summary>A call ended without a statement, and may have been counted.</summary>
    public void Spend(long amount) => left = Math.Max(0, left - amount);

    /// <summary>What may be handed out beyond the calls in progress; null when nothing is known any more.</summary>
    public long? LeftAt(long now, long underWay) => now < Until ? Math.Max(0, left - underWay) : null;

    /// <summary>The first moment, not before <paramref name="from"/>, that the window allows.</summary>
    public long NotBefore(long from, long underWay, long amount) => left - underWay >= amount ? from : Math.Max(from, Until);

    private void Note(in ToldLeft statement, long underWay) =>
        (left, lastCall, handedOut, underWayThen) = (statement.Left, statement.LastCall, statement.HandedOut, underWay);

    private void Shorten(long until, long now)
    {
        if (NotShorter(until) is var end && end < Until)
            (Until, toldAt) = (end, now);
    }

    private long NotShorter(long until) => wholeUntil > until && wholeUntil - until <= Rounding ? wholeUntil : until;
}

/// <summary>What one response said is left.</summary>
/// <param name="Call">Number of its call.</param>
/// <param name="Left">Calls, or weight, after that one.</param>
/// <param name="Until">When the API resets its count.</param>
/// <param name="Now">When the response came.</param>
/// <param name="LastCall">Number of the last call handed out by now.</param>
/// <param name="HandedOut">All that was handed out by now, in the unit of <paramref name="Left"/>.</param>
/// <param name="StartedAt">When its call was sent; 0 when that says nothing.</param>
internal readonly record struct ToldLeft(long Call, long Left, long Until, long Now, long LastCall, long HandedOut, long StartedAt = 0);
