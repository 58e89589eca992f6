namespace JobService.Upstream;

/// <summary>The clock of a response's sender at the moment the response came: what the dates and epoch times in it count against.</summary>
/// <param name="Now">Never ahead of the sender's clock: a wait that is counted from it may end late, never early.</param>
/// <param name="Stamp">The whole second in which the response was made. What was cut to whole seconds is compared with this, which was cut as well.</param>
public readonly record struct ResponseClock(DateTimeOffset Now, DateTimeOffset Stamp)
{
    /// <summary>Of one response, of whose sender nothing else is known.</summary>
    /// <param name="date">Its <c>Date</c>; null when it has none, and our own clock has to do.</param>
    /// <param name="own">Our wall clock.</param>
    public static ResponseClock Of(DateTimeOffset? date, DateTimeOffset own) =>
        date is { } sent ? new ResponseClock(sent, sent) : new ResponseClock(own, new DateTimeOffset(own.UtcTicks - (own.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero));
}
