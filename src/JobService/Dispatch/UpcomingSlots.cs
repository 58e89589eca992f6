namespace JobService.Dispatch;

/// <summary>Upcoming slots in order of time; equal times in order of arrival. Pure: uses no clock and no lock.</summary>
/// <param name="frequency">Timestamps in a second (<see cref="TimeProvider.TimestampFrequency"/>).</param>
internal sealed class UpcomingSlots(long frequency)
{
    /// <summary>The longest single wait: the loop checks again after it, and no wait overflows.</summary>
    private const int MaxWaitMilliseconds = 60_000;

    private const int NanosecondsPerSecond = 1_000_000_000;
    private const int NanosecondsPerMillisecond = 1_000_000;

    private readonly PriorityQueue<IThreadPoolWorkItem, (long Timestamp, long Arrival)> slots = new();

    private long arrivals;

    /// <returns>True when the slot is now the first: the waiting thread must wait less.</returns>
    public bool Add(long timestamp, IThreadPoolWorkItem item)
    {
        var earlier = !slots.TryPeek(out _, out var first) || timestamp < first.Timestamp;
        slots.Enqueue(item, (timestamp, arrivals++));
        return earlier;
    }

    /// <summary>Removes the first slot, if it is due.</summary>
    public IThreadPoolWorkItem? NextDue(long now) =>
        slots.TryPeek(out _, out var first) && first.Timestamp <= now ? slots.Dequeue() : null;

    /// <summary>How long to wait until the first slot is due: whole milliseconds (infinite when there is none), and the nanoseconds beyond them.</summary>
    public (int Milliseconds, int Nanoseconds) WaitToNext(long now)
    {
        if (!slots.TryPeek(out _, out var first))
            return (Timeout.Infinite, 0);

        // Any value: a time that is never reached is waited for like any other.
        var nanoseconds = Int128.Max(((((Int128)first.Timestamp - now) * NanosecondsPerSecond) + frequency - 1) / frequency, 0);
        return nanoseconds >= (Int128)MaxWaitMilliseconds * NanosecondsPerMillisecond
            ? (MaxWaitMilliseconds, 0)
            : ((int)(nanoseconds / NanosecondsPerMillisecond), (int)(nanoseconds % NanosecondsPerMillisecond));
    }
}
