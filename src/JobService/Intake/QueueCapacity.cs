using System.Collections.Concurrent;
using JobService.Storage;

namespace JobService.Intake;

/// <summary>Where submissions wait for a place in a full queue, first come first served: each job that ends lets one of them try again.</summary>
public sealed class QueueCapacity
{
    /// <summary>Weight of the newest second in the drain rate.</summary>
    private const double Smoothing = 0.3;

    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, Door> doors = new();
    private readonly TimeProvider time;
    private readonly Func<double> chance;

    public QueueCapacity(IJobStore store, TimeProvider time, Func<double> chance)
    {
        this.time = time;
        this.chance = chance;
        store.Committed += news =>
        {
            foreach (var ended in news.Ended)
                doors.GetOrAdd(ended.Queue, static (_, time) => new Door(time), time).CountEnd();
        };
    }

    /// <summary>How many jobs of the queue have ended: asked before a submission, so that a place that is freed before it joins the wait queue is not missed.</summary>
    public long EndsOf(string queue) => doors.TryGetValue(queue, out var door) ? door.Ends : 0;

    /// <summary>As below, until the service stops.</summary>
    /// <returns>False also when the service stops.</returns>
    public Task<bool> WaitAsync(string queue, long seen, TimeSpan atMost, CancellationToken hangUp, CancellationToken stopTaking) =>
        UntilStopAsync(either => WaitAsync(queue, seen, atMost, either), hangUp, stopTaking);

    /// <summary>For a caller that needs many places: it waits outside the queue, so that it takes no place that a single job could use.</summary>
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

        var door = doors.GetOrAdd(queue, static (_, time) => new Door(time), time);
        var turn = door.Join(seen);
        try
        {
            await turn.Task.WaitAsync(atMost, time, hangUp);
            return true;
        }
        catch (TimeoutException)
        {
            return !door.Leave(turn);
        }
        catch (OperationCanceledException)
        {
            if (!door.Leave(turn))
                door.LetOneIn(); // its place goes to the next in the queue
            throw;
        }
    }

    /// <summary>The capacity of the queue was raised: all that wait for a place try again.</summary>
    public void Widen(string queue) => doors.GetOrAdd(queue, static (_, time) => new Door(time), time).LetAllIn();

    /// <summary>When a place may be free, from the rate at which jobs end: at least a second, jittered upwards so that refused clients do not retry together.</summary>
    public TimeSpan RetryAfter(string queue)
    {
        var seconds = doors.TryGetValue(queue, out var door) && door.EndsPerSecond() is > 0 and var rate ? (door.Waiting + 1) / rate : 1;
        return TimeSpan.FromSeconds(Math.Ceiling(Math.Clamp(seconds, 1, LongestRetryAfter.TotalSeconds) * (1 + (0.5 * chance()))));
    }

    private async Task<bool> WaitForEndsAsync(string queue, long ends, TimeSpan atMost, CancellationToken hangUp)
    {
        if (atMost <= TimeSpan.Zero)
            return false;

        var door = doors.GetOrAdd(queue, static (_, time) => new Door(time), time);
        var enough = door.StandBy(ends);
        await enough.Task.WaitAsync(atMost, time, hangUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        door.GoAway(enough);
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

    private sealed class Door(TimeProvider time)
    {
        private readonly LinkedList<TaskCompletionSource> line = [];
        private readonly List<(long Ends, TaskCompletionSource Enough)> beside = [];
        private long second = time.GetTimestamp();
        private long endsThisSecond;
        private double rate;

        public int Waiting
        {
            get
            {
                lock (line)
                    return line.Count;
            }
        }

        public long Ends { get; private set; }

        /// <summary>Waits at the end of the queue; completed at once when nobody waits in it and a place was freed meanwhile.</summary>
        public TaskCompletionSource Join(long seen)
        {
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (line)
            {
                if (line.Count == 0 && Ends != seen)
                    turn.SetResult();
                else
                    line.AddLast(turn);
            }

            return turn;
        }

        /// <returns>False when it has been given a place meanwhile.</returns>
        public bool Leave(TaskCompletionSource turn)
        {
            lock (line)
                return line.Remove(turn);
        }

        public TaskCompletionSource StandBy(long ends)
        {
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (line)
            {
                beside.Add((ends, enough));
                CallThoseBeside(Ends);
            }

            return enough;
        }

        public void GoAway(TaskCompletionSource enough)
        {
            lock (line)
                beside.RemoveAll(one => one.Enough == enough);
        }

        public void CountEnd()
        {
            lock (line)
            {
                Count();
                endsThisSecond++;
                Ends++;
                LetOneIn();
                CallThoseBeside(Ends);
            }
        }

        public void LetOneIn()
        {
            lock (line)
            {
                if (line.First is not { } first)
                    return;
                line.RemoveFirst();
                first.Value.TrySetResult();
            }
        }

        public void LetAllIn()
        {
            lock (line)
            {
                Ends++; // a submission that was refused before this and joins the queue after it gets a place at once
                while (line.Count > 0)
                    LetOneIn();
                CallThoseBeside(long.MaxValue);
            }
        }

        public double EndsPerSecond()
        {
            lock (line)
            {
                Count();
                return rate;
            }
        }

        private void CallThoseBeside(long ends)
        {
            foreach (var one in beside)
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
