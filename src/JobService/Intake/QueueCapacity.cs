using System.Collections.Concurrent;
using JobService.Storage;

namespace JobService.Intake;

/// <summary>Where submissions wait for capacity in a full queue, first come, first served: each job that ends lets one of them try again.</summary>
public sealed class QueueCapacity
{
    /// <summary>Weight of the newest second in the drain rate.</summary>
    private const double Smoothing = 0.3;

    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, Waiters> waitersByQueue = new();
    private readonly TimeProvider time;
    private readonly Func<double> chance;

    public QueueCapacity(IJobStore store, TimeProvider time, Func<double> chance)
    {
        this.time = time;
        this.chance = chance;
        store.Committed += news =>
        {
            foreach (var ended in news.Ended)
                waitersByQueue.GetOrAdd(ended.Queue, static (_, time) => new Waiters(time), time).CountEnd();
        };
    }

    /// <summary>How many jobs of the queue have ended: read before a submission, so that capacity freed before it joins the wait queue is not missed.</summary>
    public long EndsOf(string queue) => waitersByQueue.TryGetValue(queue, out var waiters) ? waiters.Ends : 0;

    /// <summary>As below, until the service stops.</summary>
    /// <returns>False also when the service stops.</returns>
    public Task<bool> WaitAsync(string queue, long seen, TimeSpan atMost, CancellationToken hangUp, CancellationToken stopTaking) =>
        UntilStopAsync(either => WaitAsync(queue, seen, atMost, either), hangUp, stopTaking);

    /// <summary>For a batch, which needs capacity for many jobs: it waits outside the wait queue, so that it takes no capacity that a single job could use.</summary>
    /// <param name="queue">The full queue.</param>
    /// <param name="ends">The value that <see cref="EndsOf"/> must reach, unless the capacity of the queue is raised first.</param>
    /// <param name="atMost">How long to wait.</param>
    /// <param name="hangUp">Ends the wait with an exception.</param>
    /// <param name="stopTaking">The service stops.</param>
    /// <returns>False when the time was up, or the service stops.</returns>
    public Task<bool> WaitForEndsAsync(string queue, long ends, TimeSpan atMost, CancellationToken hangUp, CancellationToken stopTaking) =>
        UntilStopAsync(either => WaitForEndsAsync(queue, ends, atMost, either), hangUp, stopTaking);

    /// <param name="queue">The full queue.</param>
    /// <param name="seen">The value of <see cref="EndsOf"/> before the submission.</param>
    /// <param name="atMost">How long to wait.</param>
    /// <param name="hangUp">Ends the wait with an exception.</param>
    /// <returns>True when a job of the queue has ended; false when the time was up.</returns>
    public async Task<bool> WaitAsync(string queue, long seen, TimeSpan atMost, CancellationToken hangUp)
    {
        if (atMost <= TimeSpan.Zero)
            return false;

        var waiters = waitersByQueue.GetOrAdd(queue, static (_, time) => new Waiters(time), time);
        var turn = waiters.Join(seen);
        try
        {
            await turn.Task.WaitAsync(atMost, time, hangUp);
            return true;
        }
        catch (TimeoutException)
        {
            return !waiters.Leave(turn);
        }
        catch (OperationCanceledException)
        {
            if (!waiters.Leave(turn))
                waiters.ReleaseFirst(); // the next in the wait queue gets its turn
            throw;
        }
    }

    /// <summary>The capacity of the queue was raised: all that wait for capacity try again.</summary>
    public void Widen(string queue) => waitersByQueue.GetOrAdd(queue, static (_, time) => new Waiters(time), time).ReleaseAll();

    /// <summary>When capacity may be free, from the rate at which jobs end: at least a second, jittered upwards so that refused clients do not retry together.</summary>
    public TimeSpan RetryAfter(string queue)
    {
        var seconds = waitersByQueue.TryGetValue(queue, out var waiters) && waiters.EndsPerSecond() is > 0 and var rate ? (waiters.Waiting + 1) / rate : 1;
        return TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(seconds, 1, LongestRetryAfter.TotalSeconds) * (1 + (0.5 * chance()))));
    }

    private async Task<bool> WaitForEndsAsync(string queue, long ends, TimeSpan atMost, CancellationToken hangUp)
    {
        if (atMost <= TimeSpan.Zero)
            return false;

        var waiters = waitersByQueue.GetOrAdd(queue, static (_, time) => new Waiters(time), time);
        var enough = waiters.JoinForEnds(ends);
        await enough.Task.WaitAsync(atMost, time, hangUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        waiters.LeaveForEnds(enough);
        hangUp.ThrowIfCancellationRequested();
        return enough.Task.IsCompleted;
    }

    private static async Task<bool> UntilStopAsync(Func<CancellationToken, Task<bool>> wait, CancellationToken hangUp, CancellationToken stopTaking)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hangUp, stopTaking);
        try
        {
            return await wait(either.Token);
        }
        catch (OperationCanceledException) when (!hangUp.IsCancellationRequested)
        {
            return false;
        }
    }

    private sealed class Waiters(TimeProvider time)
    {
        private readonly LinkedList<TaskCompletionSource> waitQueue = [];
        private readonly List<(long Ends, TaskCompletionSource Enough)> waitingForEnds = [];
        private long second = time.GetTimestamp();
        private long endsThisSecond;
        private double rate;

        public int Waiting
        {
            get
            {
                lock (waitQueue)
                    return waitQueue.Count;
            }
        }

        public long Ends { get; private set; }

        /// <summary>Joins the end of the wait queue; completed at once when that is empty and a job has ended meanwhile.</summary>
        public TaskCompletionSource Join(long seen)
        {
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (waitQueue)
            {
                if (waitQueue.Count == 0 && Ends != seen)
                    turn.SetResult();
                else
                    waitQueue.AddLast(turn);
            }

            return turn;
        }

        /// <returns>False when its turn has come meanwhile.</returns>
        public bool Leave(TaskCompletionSource turn)
        {
            lock (waitQueue)
                return waitQueue.Remove(turn);
        }

        public TaskCompletionSource JoinForEnds(long ends)
        {
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (waitQueue)
            {
                waitingForEnds.Add((ends, enough));
                ReleaseReached(Ends);
            }

            return enough;
        }

        public void LeaveForEnds(TaskCompletionSource enough)
        {
            lock (waitQueue)
                waitingForEnds.RemoveAll(one => one.Enough == enough);
        }

        public void CountEnd()
        {
            lock (waitQueue)
            {
                Count();
                endsThisSecond++;
                Ends++;
                ReleaseFirst();
                ReleaseReached(Ends);
            }
        }

        public void ReleaseFirst()
        {
            lock (waitQueue)
            {
                if (waitQueue.First is not { } first)
                    return;
                waitQueue.RemoveFirst();
                first.Value.TrySetResult();
            }
        }

        public void ReleaseAll()
        {
            lock (waitQueue)
            {
                Ends++; // a submission that was refused before this and joins the wait queue after it tries again at once
                while (waitQueue.Count > 0)
                    ReleaseFirst();
                ReleaseReached(long.MaxValue);
            }
        }

        public double EndsPerSecond()
        {
            lock (waitQueue)
            {
                Count();
                return rate;
            }
        }

        private void ReleaseReached(long ends)
        {
            foreach (var one in waitingForEnds)
            {
                if (one.Ends <= ends)
                    one.Enough.TrySetResult();
            }
        }

        private void Count()
        {
            var elapsed = time.GetElapsedTime(second).TotalSeconds;
            if (elapsed < 1)
                return;
            rate += Smoothing * ((endsThisSecond / elapsed) - rate);
            endsThisSecond = 0;
            second = time.GetTimestamp();
        }
    }
}
