namespace JobService.Dispatch;

/// <summary>Hands each item to the thread pool when its slot comes: never early, and hardly later.</summary>
/// <remarks>
/// One thread owns the upcoming slots and waits on its lock. Timers (<c>Task.Delay</c>, <see cref="PeriodicTimer"/>, <c>SemaphoreSlim.WaitAsync</c>)
/// fire on the grid of the kernel's tick, 4 ms at 250 Hz; a blocking wait does not, costs nothing while it lasts, and a slot that comes in earlier can pulse
/// it awake. It takes whole milliseconds, so the last part of one is slept away outside the lock: an item starts 0.06 ms late at the median. Spinning it
/// away would cost half a core.
/// </remarks>
public sealed class SlotClock : IDisposable
{
    // Monitor.Wait needs an object; System.Threading.Lock has no wait.
    private readonly object gate = new();
    private readonly TimeProvider time;
    private readonly UpcomingSlots upcoming;
    private readonly Thread thread;
    private bool stopped;

    public SlotClock(TimeProvider time)
    {
        this.time = time;
        upcoming = new UpcomingSlots(time.TimestampFrequency);
        thread = new Thread(HandOut) { IsBackground = true, Name = "Slot clock" };
        thread.Start();
    }

    /// <summary>Runs the item on the thread pool once the stopwatch has reached the timestamp; at once when it has passed, or when the clock is stopped.</summary>
    public void Schedule(long timestamp, IThreadPoolWorkItem item)
    {
        lock (gate)
        {
            if (!stopped && timestamp > time.GetTimestamp())
            {
                if (upcoming.Add(timestamp, item))
                    Monitor.Pulse(gate);

                return;
            }
        }

        Start(item);
    }

    /// <summary>Stops the thread. What is left is handed out at once, before its moment, so that its owner can give the slot up.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.Pulse(gate);
        }

        thread.Join();
    }

    private static void Start(IThreadPoolWorkItem item) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);

    private void HandOut()
    {
        while (WaitForNext() is { } part)
            ShortSleep.Wait(part);
    }

    /// <summary>Hands out what is due and waits, down to the part of a millisecond that a lock cannot wait for.</summary>
    /// <returns>The part in nanoseconds; null when the clock is stopped.</returns>
    private long? WaitForNext()
    {
        lock (gate)
        {
            while (!stopped)
            {
                while (upcoming.NextDue(time.GetTimestamp()) is { } due)
                    Start(due);

                var (milliseconds, nanoseconds) = upcoming.WaitToNext(time.GetTimestamp());
                if (milliseconds == 0 && ShortSleep.IsAvailable)
                    return nanoseconds;
                Monitor.Wait(gate, ShortSleep.IsAvailable || nanoseconds == 0 ? milliseconds : milliseconds + 1);
            }

            while (upcoming.NextDue(long.MaxValue) is { } left)
                Start(left);
            return null;
        }
    }
}
