namespace JobService.Upstream;

/// <summary>A wait or a point in time as the API stated it, and its precision. The resulting wait is never negative and at most a day.</summary>
/// <remarks>Values in whole seconds are mostly truncated, less often rounded up; the value itself does not show which.</remarks>
internal readonly record struct ToldTime
{
    private readonly TimeSpan wait;
    private readonly bool isWholeSecond;

    public ToldTime(TimeSpan wait, bool isExact) => (this.wait, isWholeSecond) = (wait, !isExact);

    public ToldTime(DateTimeOffset moment, bool IsWholeSecond) => (Moment, isWholeSecond) = (moment, IsWholeSecond);

    /// <summary>Null when a wait was stated.</summary>
    public DateTimeOffset? Moment { get; }

    /// <summary>More precise than a second.</summary>
    public bool IsExact => !isWholeSecond;

    /// <summary>The wait that was asked for. A point in time is computed as its sender did: from whole second to whole second, so that nothing starts early.</summary>
    public TimeSpan AsRetry(ResponseClock clock) => Moment switch
    {
        { } moment when isWholeSecond && moment == clock.Stamp => RestOfSecond(moment, clock),
        { } moment => Bounded(moment - (isWholeSecond ? clock.Stamp : clock.Now)),
        null => Bounded(wait),
    };

    /// <summary>The rest of the window that ends at this time. If it was truncated to whole seconds, a window that has just begun seems to be nearly over.</summary>
    public TimeSpan AsReset(ResponseClock clock) => Moment switch
    {
        { } moment when isWholeSecond && moment <= clock.Now && clock.Now - moment < TimeSpan.FromSeconds(1) => RestOfSecond(moment, clock),
        { } moment => Bounded(moment - clock.Now),
        null => Bounded(wait),
    };

    private static TimeSpan RestOfSecond(DateTimeOffset moment, ResponseClock clock) => Bounded(TimeSpan.FromSeconds(1) - (clock.Now - moment));

    private static TimeSpan Bounded(TimeSpan wait) => wait < TimeSpan.Zero ? TimeSpan.Zero : wait < RetryAfter.Longest ? wait : RetryAfter.Longest;
}
