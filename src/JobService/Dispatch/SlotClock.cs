namespace JobService.Dispatch;

/// <summary>Hands each item to the thread pool when its slot comes: never early, and hardly later.</summary>
/// <remarks>
/// One thread owns the upcoming slots and waits on its lock. Timers (<c>Task.Delay</c>, <see cref="PeriodicTimer"/>, <c>SemaphoreSlim.WaitAsync</c>)
/// fire on the grid of the kernel's tick, 4 ms at 250 Hz; a blocking wait does not, costs nothing while it lasts, and a slot that comes in earlier can pulse
/// it awake. It takes whole milliseconds, so an item starts 0.6 ms late at the median and up to 1.1 ms: inside every start window but the narrowest, 1 ms,
/// which loses about one slot in twelve. Spinning the rest away would cost half a core.
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
        lock (gate)
        {
            while (!stopped)
            {
                while (upcoming.NextDue(time.GetTimestamp()) is { } due)
                    Start(due);

                Monitor.Wait(gate, upcoming.MillisecondsToNext(time.GetTimestamp()));
            }

            while (upcoming.NextDue(long.MaxValue) is { } left)
                Start(left);
        }
    }
}
