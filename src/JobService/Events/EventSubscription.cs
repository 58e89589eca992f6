namespace JobService.Events;

/// <summary>One stream: a position in the ring of its group, and a pace. It holds no events; disposing it removes it from the list.</summary>
internal sealed class EventSubscription : IDisposable
{
    private readonly LiveEvents hub;
    private readonly EventGroup group;
    private readonly TimeProvider time;
    private readonly EventPage page = new();
    private long place;
    private long? gapEnd;
    private long paidUntil;
    private bool isDisposed;

    /// <param name="hub">The hub that lists it.</param>
    /// <param name="group">All streams of its scope.</param>
    /// <param name="weight">How many streams it counts as: more when each of its events costs more.</param>
    /// <param name="after">Number of the last event that the client has seen; null for a new stream.</param>
    /// <param name="latest">Number of the latest event of all.</param>
    /// <param name="time">For the pace.</param>
    internal EventSubscription(LiveEvents hub, EventGroup group, int weight, long? after, long latest, TimeProvider time)
    {
        (this.hub, this.group, this.time, Weight) = (hub, group, time, weight);
        place = group.End();
        if (after is not { } seen)
            return;
        if (seen <= latest && group.Behind(seen) is { } behind)
            place = behind;
        else
            gapEnd = latest;
    }

    internal EventGroup Group => group;

    internal int Weight { get; }

    /// <summary>Waits for events; under load, at least an interval after the last page, so that it gets several at a time.</summary>
    /// <param name="patience">How long to wait for the first.</param>
    /// <param name="over">Cancels the wait.</param>
    /// <returns>An empty page when the time is up. The same object is returned each time.</returns>
    public async Task<EventPage> ReadAsync(TimeSpan patience, CancellationToken over)
    {
        page.Clear();
        if (gapEnd is { } number)
        {
            (gapEnd, page.HasGap, page.GapEnd) = (null, true, number);
            return page;
        }

        var changed = group.ChangedAsync(place);
        if (!changed.IsCompleted)
        {
            page.Shrink();
            await changed.WaitAsync(patience, time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!changed.IsCompleted)
            return page;

        var pace = EventPace.For(hub.Load);
        await RestAsync(pace, over);
        place = group.Read(place, pace, page);
        return page;
    }

    public void Dispose()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        hub.Leave(this);
    }

    /// <summary>The rate arithmetic of a limit (GCRA): one page per interval, and some at once after an idle time.</summary>
    private async Task RestAsync(EventPace pace, CancellationToken over)
    {
        var now = time.GetTimestamp();
        var interval = (long)(pace.Interval.TotalSeconds * time.TimestampFrequency);
        var early = Math.Max(paidUntil, now) + interval - now - (EventPace.Burst * interval);
        paidUntil = Math.Max(paidUntil, now) + interval;
        if (early > 0)
            await Task.Delay(TimeSpan.FromSeconds(early / (double)time.TimestampFrequency), time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
