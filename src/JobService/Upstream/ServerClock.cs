using System.Net.Http.Headers;

namespace JobService.Upstream;

/// <summary>The clock of one API, derived from the <c>Date</c> headers of its responses: our own may differ by minutes.</summary>
/// <remarks>
/// A <c>Date</c> has whole seconds, so each one is up to a second behind. The API's clock is ahead of our stopwatch by at least the largest difference seen; after a few
/// responses at different fractions of a second that is nearly exact, and never too much. Two one-minute buckets forget values that drift, or a clock set back, has made wrong.
/// </remarks>
internal sealed class ServerClock(TimeProvider time)
{
    private const long BucketTicks = TimeSpan.TicksPerMinute;

    /// <summary>The difference from which on a clock was set back or a response came from a cache. Servers that cache <c>Date</c> and slow networks stay below it.</summary>
    private const long MaxLagTicks = 5 * TimeSpan.TicksPerSecond;

    private readonly Lock gate = new();
    private readonly long opened = time.GetTimestamp();
    private long bucket = -1;
    private long ahead = long.MinValue;
    private long aheadBefore = long.MinValue;

    /// <summary>To be called as soon as the headers have arrived.</summary>
    public ResponseClock At(HttpResponseHeaders headers)
    {
        var date = DateOf(headers);
        return date is { } sent ? new ResponseClock(Now(sent), sent) : ResponseClock.Of(date: null, time.GetUtcNow());
    }

    /// <summary>Null when there is no <c>Date</c> or it cannot be parsed.</summary>
    public static DateTimeOffset? DateOf(HttpResponseHeaders headers) =>
        headers.NonValidated.TryGetValues("Date", out var texts) && TimeText.Parse(texts.ToString())?.Moment is { } date ? date : null;

    private DateTimeOffset Now(DateTimeOffset sent)
    {
        var uptime = time.GetElapsedTime(opened).Ticks;
        var difference = sent.UtcTicks - uptime;
        lock (gate)
        {
            if (uptime / BucketTicks is var current && current != bucket)
                (aheadBefore, ahead, bucket) = (current == bucket + 1 ? ahead : long.MinValue, long.MinValue, current);
            if (Math.Max(ahead, aheadBefore) > difference + MaxLagTicks)
                (aheadBefore, ahead) = (long.MinValue, long.MinValue);
            ahead = Math.Max(ahead, difference);
            return new DateTimeOffset(Math.Min(uptime + Math.Max(ahead, aheadBefore), DateTime.MaxValue.Ticks), TimeSpan.Zero);
        }
    }
}
