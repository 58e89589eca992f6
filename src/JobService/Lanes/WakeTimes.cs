using JobService.Limits;

namespace JobService.Lanes;

/// <summary>When the heads of wait queues may start. A wait queue whose time has changed has several entries; only the last one counts.</summary>
internal sealed class WakeTimes
{
    private readonly PriorityQueue<LimitWaitQueue, long> moments = new();

    /// <summary>The first moment; <see cref="LimitState.Never"/> when there is none.</summary>
    public long First
    {
        get
        {
            while (moments.TryPeek(out var waitQueue, out var at))
            {
                if (waitQueue.WakeAt == at)
                    return at;
                moments.Dequeue();
            }

            return LimitState.Never;
        }
    }

    public void Add(LimitWaitQueue waitQueue) => moments.Enqueue(waitQueue, waitQueue.WakeAt);

    /// <summary>Removes the wait queues that are due by a moment: the first ones, at most that many.</summary>
    public void TakeDue(long until, int atMost, ICollection<LimitWaitQueue> into)
    {
        for (var taken = 0; taken < atMost && First <= until && moments.TryDequeue(out var waitQueue, out _); taken++)
        {
            waitQueue.WakeAt = LimitState.Never;
            into.Add(waitQueue);
        }
    }
}
