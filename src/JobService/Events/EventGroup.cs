
namespace JobService.Events;

/// <summary>All streams of one scope: the latest events are in one ring buffer, and each reader keeps only its position. An event that is overwritten before a reader has read it is missed by that reader.</summary>
/// <remarks>Positions count the events of this group; numbers count those of all groups.</remarks>
internal sealed class EventGroup(EventScope scope, long since, RingBudget rings) : IDisposable
{
    private const int Least = 16;
    private const int Most = 8_192;

    private readonly Lock gate = new();
    private LiveEvent[] ring = new LiveEvent[Least];
    private TaskCompletionSource? changed;

    private long first;     // position of the oldest event kept
    private long end;       // position of the next event
    private long missedTo = since; // number up to which events may be missing
    private bool isTouched;

    public EventScope Scope => scope;

    /// <summary>Guarded by the hub, as is the next.</summary>
    public int Streams { get; set; }

    public long EmptySince { get; set; }

    /// <returns>True for the first since the last <see cref="Wake"/>.</returns>
    public bool Append(in LiveEvent live)
    {
        lock (gate)
        {
            if (end - first == ring.Length && !Grow())
                missedTo = ring[first++ % ring.Length].Number;
            ring[end++ % ring.Length] = live;
            return Touch();
        }
    }

    /// <summary>Events were lost before they arrived here, at most this many of this group. Unread events are dropped with them: they may be out of date.</summary>
    /// <returns>As of <see cref="Append"/>.</returns>
    public bool Lose(long count, long lastNumber)
    {
        lock (gate)
        {
            Array.Clear(ring);
            end += count;
            first = end;
            missedTo = lastNumber;
            return Touch();
        }
    }

    /// <summary>Wakes all waiting streams.</summary>
    public void Wake()
    {
        lock (gate)
        {
            isTouched = false;
            changed?.TrySetResult();
            changed = null;
        }
    }

    /// <summary>Completes when there is an event at or after a position.</summary>
    public Task ChangedAsync(long place)
    {
        lock (gate)
        {
            return place < end ? Task.CompletedTask : (changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <returns>The position of the next event.</returns>
    public long End()
    {
        lock (gate)
            return end;
    }

    /// <returns>The position after the event with a number; null when events after it may be missing.</returns>
    public long? Behind(long number)
    {
        lock (gate)
        {
            if (number < missedTo)
                return null;
            var (low, high) = (first, end);
            while (low < high)
            {
                var middle = low + ((high - low) / 2);
                if (ring[middle % ring.Length].Number <= number)
                    low = middle + 1;
                else
                    high = middle;
            }

            return low;
        }
    }

    /// <returns>The position to continue from.</returns>
    public long Read(long place, in EventPace pace, EventPage page)
    {
        lock (gate)
        {
            var from = Math.Max(place, first);
            if (end - from > pace.MaxBehind)
                from = end - pace.PageSize;
            if (from > place)
                (page.HasGap, page.Missed, page.GapEnd) = (true, from - place, from > first ? ring[(from - 1) % ring.Length].Number : missedTo);

            var to = Math.Min(end, from + pace.PageSize);
            for (var at = from; at < to; at++)
            {
                ref var live = ref ring[at % ring.Length];
                // Formatted once for all readers; kept only when there are several, since a frame is larger than the event.
                if (Streams > 1 && live.Frame is null && !scope.IsOfJob)
                    live = live with { Frame = EventFrame.Of(live) };
                page.Events.Add(live);
            }

            return to;
        }
    }

    public void Dispose() => rings.Return(ring.Length - Least);

    private bool Touch()
    {
        var isFirst = !isTouched;
        isTouched = true;
        return isFirst;
    }

    private bool Grow()
    {
        if (ring.Length == Most || !rings.TryTake(ring.Length))
            return false;
        var larger = new LiveEvent[ring.Length * 2];
        for (var at = first; at < end; at++)
            larger[at % larger.Length] = ring[at % ring.Length];
        ring = larger;
        return true;
    }
}

/// <summary>Capacity of all rings together: with many groups each keeps less.</summary>
internal sealed class RingBudget(int places)
{
    private int left = places;

    public bool TryTake(int wanted)
    {
        if (Interlocked.Add(ref left, -wanted) >= 0)
            return true;
        Return(wanted);
        return false;
    }

    public void Return(int taken) => Interlocked.Add(ref left, taken);
}
