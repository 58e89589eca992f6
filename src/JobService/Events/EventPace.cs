namespace JobService.Events;

/// <summary>How often a stream is served under a continuous load of events, and how many it gets: all streams together cost about the same, however many there are.</summary>
/// <param name="Interval">From one page to the next; an event after an idle time is sent at once.</param>
/// <param name="PageSize">Events per page.</param>
/// <param name="MaxBehind">A reader that is further behind skips to the latest page.</param>
internal readonly record struct EventPace(TimeSpan Interval, int PageSize, long MaxBehind)
{
    /// <summary>Pages sent without waiting after an idle time: the few events of a job are sent one by one, at once.</summary>
    public const int Burst = 4;

    private const int PagesPerSecond = 1_000;
    private const int EventsAtOnce = 16_384;

    private static readonly TimeSpan shortest = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan longest = TimeSpan.FromSeconds(1);

    /// <summary>The maximum age of an event when it is sent, if the stream keeps up.</summary>
    private static readonly TimeSpan oldest = TimeSpan.FromSeconds(2);

    /// <param name="streams">Open streams; those that cost more are counted more than once.</param>
    public static EventPace For(int streams)
    {
        var interval = TimeSpan.FromSeconds(streams / (double)PagesPerSecond);
        interval = interval < shortest ? shortest : interval > longest ? longest : interval;
        var page = Math.Clamp(EventsAtOnce / Math.Max(1, streams), 64, 512);
        return new EventPace(interval, page, page * Math.Max(Burst, (long)(oldest / interval)));
    }
}
