namespace JobService.Dispatch;

/// <summary>Slots to come, in the order of their moments; equal moments in the order of their arrival. Pure: asks no clock, takes no lock.</summary>
/// <param name="frequency">Timestamps in a second (<see cref="TimeProvider.TimestampFrequency"/>).</param>
internal sealed class UpcomingSlots(long frequency)
{
    /// <summary>Longest wait asked for: the loop looks again after it, and no wait overflows.</summary>
    private const int MaxWaitMilliseconds = 60_000;

    private const int NanosecondsPerSecond = 1_000_000_000;
    private const int NanosecondsPerMillisecond = 1_000_000;

    private readonly PriorityQueue<IThreadPoolWorkItem, (long Timestamp, long Arrival)> slots = new();

    private long arrivals;

    /// <returns>True when the slot is the first now: whoever waits has to wait less.</returns>
    public bool Add(long timestamp, IThreadPoolWorkItem item)
    {
        var earlier = !slots.TryPeek(out _, out var first) || timestamp < first.Timestamp;
        slots.Enqueue(item, (timestamp, arrivals++));
        return earlier;
    }

    /// <summary>Takes the first slot out, if its moment has come.</summary>
    public IThreadPoolWorkItem? NextDue(long now) =>
        slots.TryPeek(out _, out var first) && first.Timestamp <= now ? slots.Dequeue() : null;

    /// <summary>How long to wait until the first slot is due: whole milliseconds (infinite when there is none), and the nanoseconds beyond them.</summary>
    public (int Milliseconds, int Nanoseconds) WaitToNext(long now)
    {
        if (!slots.TryPeek(out _, out var first))
            return (Timeout.Infinite, 0);

        // Of any size: a moment that no clock reaches is waited for like any other.
        var nanoseconds = Int128.Max(((((Int128)first.Timestamp - now) * NanosecondsPerSecond) + frequency - 1) / frequency, 0);
        return nanoseconds >= (Int128)MaxWaitMilliseconds * NanosecondsPerMillisecond
            ? (MaxWaitMilliseconds, 0)
            : ((int)(nanoseconds / NanosecondsPerMillisecond), (int)(nanoseconds % NanosecondsPerMillisecond));
    }
}
