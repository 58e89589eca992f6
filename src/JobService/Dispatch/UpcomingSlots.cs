namespace JobService.Dispatch;

/// <summary>Slots to come, in the order of their moments; equal moments in the order of their arrival. Pure: asks no clock, takes no lock.</summary>
/// <param name="frequency">Timestamps in a second (<see cref="TimeProvider.TimestampFrequency"/>).</param>
internal sealed class UpcomingSlots(long frequency)
{
    /// <summary>Longest wait asked for: the loop looks again after it, and no wait overflows.</summary>
    private const int MaxWaitMilliseconds = 60_000;

    private readonly PriorityQueue<IThreadPoolWorkItem, (long Timestamp, long Arrival)> slots = new();

    // Linux ends a wait 50 µs late on purpose (timer slack, prctl(2)): asking for so much less is on time. Where one ends early all the same,
    // the rest is waited for again, so no slot is due early.
    private readonly long slack = frequency / 20_000;

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

    /// <summary>How long to wait before anything is due: rounded up, for a wait that ends early would be followed by a second one.</summary>
    public int MillisecondsToNext(long now)
    {
        if (!slots.TryPeek(out _, out var first))
            return Timeout.Infinite;

        // Of any size: a moment that no clock reaches is waited for like any other.
        var milliseconds = (((Int128)first.Timestamp - now - slack) * 1_000 + frequency - 1) / frequency;
        return (int)Int128.Clamp(milliseconds, 0, MaxWaitMilliseconds);
    }
}
