namespace JobService.Dispatch;

/// <summary>Runs each item when its slot is due: never early, and hardly late.</summary>
/// <remarks>
/// One thread at a time leads: it owns the upcoming slots and waits on its lock. When a slot is due it passes the lead to the other thread and runs the item itself,
/// so that no thread has to be woken between the slot and the send (Leader/Followers; Schmidt et al., Pattern-Oriented Software Architecture 2). While the other one
/// runs an item, due items go to the thread pool.
/// <para>Timers (<c>Task.Delay</c>, <see cref="PeriodicTimer"/>, <c>SemaphoreSlim.WaitAsync</c>)
/// fire on the grid of the kernel's tick, 4 ms at 250 Hz; a blocking wait does not, costs nothing while it lasts, and a new earlier slot can pulse
/// it awake. It takes whole milliseconds, so the last part of one is slept away outside the lock: an item starts 0.06 ms late at the median. Spinning it
/// away would cost half a core.</para>
/// </remarks>
public sealed class SlotClock : IDisposable
{
    private const int Threads = 2;

    // Monitor.Wait needs an object; System.Threading.Lock has no wait.
    private readonly object gate = new();
    private readonly TimeProvider time;
    private readonly Lock leading = new();
    private readonly UpcomingSlots upcoming;
    private readonly Thread[] threads;
    private int idle;
    private bool stopped;

    public SlotClock(TimeProvider time)
    {
        this.time = time;
        upcoming = new UpcomingSlots(time.TimestampFrequency);
        threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(TakeTurns) { IsBackground = true, Name = "Slot clock" })];
        idle = threads.Length;
        Array.ForEach(threads, thread => thread.Start());
    }

    /// <summary>Runs the item once the stopwatch has reached the timestamp; at once, on the thread pool, when it has passed or the clock is stopped.</summary>
    /// <param name="timestamp">Of the <see cref="TimeProvider"/>.</param>
    /// <param name="item">It must not block: anything slow must come after an await.</param>
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

    /// <summary>Stops the threads. Remaining items run at once, before their time, so that their owners can give the slots up.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.Pulse(gate);
        }

        Array.ForEach(threads, thread => thread.Join());
    }

    private static void Start(IThreadPoolWorkItem item) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);

    private void TakeTurns()
    {
        while (Lead() is { } due)
        {
            due.Execute();
            lock (gate)
                idle++;
        }
    }

    /// <summary>Waits for the item that this thread is to run itself.</summary>
    /// <returns>Null when the clock is stopped.</returns>
    private IThreadPoolWorkItem? Lead()
    {
        lock (leading)
        {
            while (true)
            {
                var (due, part) = WaitForNext();
                if (part is null)
                    return due;
                ShortSleep.Wait(part.Value);
            }
        }
    }

    /// <summary>Hands out what is due and waits, down to the part of a millisecond that a lock cannot wait for.</summary>
    /// <returns>The part in nanoseconds; or the item to run; or neither, when the clock is stopped.</returns>
    private (IThreadPoolWorkItem? Due, long? Part) WaitForNext()
    {
        lock (gate)
        {
            while (!stopped)
            {
                while (upcoming.NextDue(time.GetTimestamp()) is { } due)
                {
                    if (idle > 1)
                    {
                        idle--;
                        return (due, null);
                    }

                    Start(due);
                }

                var (milliseconds, nanoseconds) = upcoming.WaitToNext(time.GetTimestamp());
                if (milliseconds == 0 && ShortSleep.IsAvailable)
                    return (null, nanoseconds);
                Monitor.Wait(gate, ShortSleep.IsAvailable || nanoseconds == 0 ? milliseconds : milliseconds + 1);
            }

            while (upcoming.NextDue(long.MaxValue) is { } left)
                Start(left);
            return (null, null);
        }
    }
}
