namespace JobService.Upstream;

/// <summary>The clock of a response's sender when the response arrived: dates and epoch times in the response are compared with it.</summary>
/// <param name="Now">Never ahead of the sender's clock: a wait computed from it may end late, never early.</param>
/// <param name="Stamp">The whole second in which the response was created. Values truncated to whole seconds are compared with this, which is truncated as well.</param>
public readonly record struct ResponseClock(DateTimeOffset Now, DateTimeOffset Stamp)
{
    /// <summary>For one response whose sender is otherwise unknown.</summary>
    /// <param name="date">Its <c>Date</c>; null when it has none: our own clock is used.</param>
    /// <param name="own">Our wall clock.</param>
    public static ResponseClock Of(DateTimeOffset? date, DateTimeOffset own) =>
        date is { } sent ? new ResponseClock(sent, sent) : new ResponseClock(own, new DateTimeOffset(own.UtcTicks - (own.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero));
}
