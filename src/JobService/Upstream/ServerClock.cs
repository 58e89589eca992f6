using System.Net.Http.Headers;

namespace JobService.Upstream;

/// <summary>The clock of one API, as the <c>Date</c> headers of its responses show it: our own may be minutes away from it.</summary>
/// <remarks>
/// A <c>Date</c> names whole seconds, so each alone is up to a second behind. How far the API's clock is ahead of our stopwatch is at least the largest difference seen; after a few
/// responses at different fractions of a second that is nearly exact, and never too much. Two buckets of a minute forget what drift or a clock set back has made wrong.
/// </remarks>
internal sealed class ServerClock(TimeProvider time)
{
    private const long BucketTicks = TimeSpan.TicksPerMinute;

    /// <summary>What a clock that was set back, or a response from a cache, is told by. Caching of <c>Date</c> by servers and slow networks stay below it.</summary>
    private const long MaxLagTicks = 5 * TimeSpan.TicksPerSecond;

    private readonly Lock gate = new();
    private readonly long opened = time.GetTimestamp();
    private long bucket = -1;
    private long ahead = long.MinValue;
    private long aheadBefore = long.MinValue;

    /// <summary>Called when the headers have just come.</summary>
    public ResponseClock At(HttpResponseHeaders headers)
    {
        var date = DateOf(headers);
        return date is { } sent ? new ResponseClock(Now(sent), sent) : ResponseClock.Of(date: null, time.GetUtcNow());
    }

    /// <summary>Null when there is none, or none that can be read.</summary>
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
