namespace JobService.Upstream;

/// <summary>A wait or a moment, as it was told, and how exactly. The wait that follows is never negative and at most a day.</summary>
/// <remarks>What names whole seconds was mostly cut to them, less often rounded up; which of both cannot be seen.</remarks>
internal readonly record struct ToldTime
{
    private readonly TimeSpan wait;
    private readonly bool isWholeSecond;

    public ToldTime(TimeSpan wait, bool isExact) => (this.wait, isWholeSecond) = (wait, !isExact);

    public ToldTime(DateTimeOffset moment, bool IsWholeSecond) => (Moment, isWholeSecond) = (moment, IsWholeSecond);

    /// <summary>Null when a wait was told.</summary>
    public DateTimeOffset? Moment { get; }

    /// <summary>Finer than a second.</summary>
    public bool IsExact => !isWholeSecond;

    /// <summary>The wait that was asked for. A moment is counted as its sender has counted: from whole second to whole second, so that nothing starts early.</summary>
    public TimeSpan AsRetry(ResponseClock clock) => Moment switch
    {
        { } moment when isWholeSecond && moment == clock.Stamp => RestOfSecond(moment, clock),
        { } moment => Bounded(moment - (isWholeSecond ? clock.Stamp : clock.Now)),
        null => Bounded(wait),
    };

    /// <summary>The rest of the window of which this is the end. One that was cut to whole seconds and has just begun is about over.</summary>
    public TimeSpan AsReset(ResponseClock clock) => Moment switch
    {
        { } moment when isWholeSecond && moment <= clock.Now && clock.Now - moment < TimeSpan.FromSeconds(1) => RestOfSecond(moment, clock),
        { } moment => Bounded(moment - clock.Now),
        null => Bounded(wait),
    };

    private static TimeSpan RestOfSecond(DateTimeOffset moment, ResponseClock clock) => Bounded(TimeSpan.FromSeconds(1) - (clock.Now - moment));

    private static TimeSpan Bounded(TimeSpan wait) => wait < TimeSpan.Zero ? TimeSpan.Zero : wait < RetryAfter.Longest ? wait : RetryAfter.Longest;
}
