using JobService.Ledger;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>Spaces calls by their actual starts: a late start delays the calls that were given their slots before it was known, by its lateness and no longer.</summary>
/// <remarks>
/// A slot is handed out some milliseconds ahead, as if all slots before it were used on time. On a busy machine they are not, and a slot that is given up is lost, while one that
/// is used late keeps the bound of its limits as long as the next starts come after it. This class ensures that until the store knows of the late start and hands out later slots.
/// Priorities do not matter here: a job that has a slot goes before one that has none.
/// </remarks>
public sealed class StartPacer(IJobStore store, SlotClock slots)
{
    private readonly Lock gate = new();
    private readonly PacedStarts starts = new();
    private readonly Dictionary<(string Limit, string Key), WaitQueue<Waiter>> waiting = [];

    /// <summary>A call has started late, or is now known to have: slots handed out from now on must be after it.</summary>
    public event Action? StartedLate;

    /// <summary>The late starts that the store has not confirmed.</summary>
    /// <param name="request">The number of the request that reports them.</param>
    public StartsMade Tell(long request)
    {
        lock (gate)
            return starts.Tell(request);
    }

    /// <summary>Jobs were claimed.</summary>
    /// <returns>The same jobs, each aware only of starts before the first late one that the store did not know.</returns>
    public IReadOnlyList<ClaimedJob> TakeUp(ClaimResult result)
    {
        lock (gate)
        {
            return starts.Heard(result.Known) is { } unconfirmed
                ? [.. result.Jobs.Select(job => job.KnowsStartsUntil > unconfirmed ? job with { KnowsStartsUntil = unconfirmed } : job)]
                : result.Jobs;
        }
    }

    /// <summary>The slot clock begins to wait for the slot of a claim.</summary>
    public void HandOver(ClaimedJob job)
    {
        lock (gate)
            starts.HandOver(job, store.Now);
    }

    /// <summary>Waits after late starts, in the order of arrival. The wait ends even if the slot has passed by then: <see cref="TryStart"/> decides.</summary>
    public Task ReadyAsync(ClaimedJob job)
    {
        if (job.Rates.Count == 0 || job.Slot is null)
            return Task.CompletedTask;

        lock (gate)
        {
            var now = store.Now;
            var at = starts.EarliestFor(job, now, out var state);
            if (state is not { } binding || (at <= now && !waiting.ContainsKey(binding)))
                return Task.CompletedTask;

            var waiter = new Waiter(job);
            if (!waiting.TryGetValue(binding, out var line))
                waiting.Add(binding, line = new WaitQueue<Waiter>(binding));
            line.Jobs.Enqueue(waiter);
            if (line.Jobs.Count == 1)
                Wake(line, at);
            return waiter.Task;
        }
    }

    /// <summary>The last check of the clock before the send. A call that may start counts as started.</summary>
    public StartVerdict TryStart(ClaimedJob job, out DateTimeOffset now)
    {
        lock (gate)
        {
            now = store.Now;
            var hadNews = starts.HasNews;
            var verdict = starts.TryStart(job, now);
            if (starts.HasNews && !hadNews)
                NotifyOfLateStart();
            return verdict;
        }
    }

    /// <summary>The call of a job that has started is over.</summary>
    /// <returns>The later start time that its limits should count, null when there is none: reported with the next claim, unless the end of the attempt is written first.</returns>
    public DateTimeOffset? End(ClaimedJob job, DateTimeOffset startedAt)
    {
        if (job.Rates.Count == 0 || job.Slot is null)
            return null;

        lock (gate)
        {
            var now = store.Now;
            var hadNews = starts.HasNews;
            var countsAt = starts.End(job, startedAt, now);
            if (starts.HasNews && !hadNews)
                NotifyOfLateStart();
            foreach (var (limit, key, _) in job.Rates)
            {
                // A call that waits for this response may start earlier.
                if (waiting.TryGetValue((limit, key), out var line) && !line.IsServed && line.Jobs.TryPeek(out var first)
                    && starts.EarliestFor(first.Job, now, out _) is var at && at < line.WakesAt)
                {
                    Wake(line, at);
                }
            }

            return countsAt;
        }
    }

    /// <summary>On the thread pool: nothing may delay a call between its last check and its send.</summary>
    private void NotifyOfLateStart() => ThreadPool.UnsafeQueueUserWorkItem(static pacer => pacer.StartedLate?.Invoke(), this, preferLocal: false);

    private void Wake(WaitQueue<Waiter> line, DateTimeOffset at)
    {
        line.WakesAt = at;
        slots.Schedule(store.TimestampOf(at), new Turn(this, line, line.NextTurn()));
    }

    /// <summary>Starts the first waiting call, if its time has come, and then schedules the next.</summary>
    private void ServeFirst(WaitQueue<Waiter> line, long turn)
    {
        Waiter first;
        lock (gate)
        {
            if (!line.IsFor(turn))
                return; // another turn has been scheduled since, for another time or for the same one
            first = line.Jobs.Peek();
            var now = store.Now;
            var at = starts.EarliestFor(first.Job, now, out _);
            if (at > now && at <= first.Job.Slot!.Value.Latest)
            {
                Wake(line, at);
                return;
            }

            line.BeginToServe();
        }

        first.Go(); // up to its send, in this very thread
        lock (gate)
        {
            line.EndToServe();
            line.Jobs.Dequeue();
            if (line.Jobs.TryPeek(out var next))
                Wake(line, starts.EarliestFor(next.Job, store.Now, out _));
            else
                waiting.Remove(line.State);
        }
    }

    private sealed class Waiter(ClaimedJob job)
    {
        private readonly TaskCompletionSource gone = new();

        public ClaimedJob Job { get; } = job;

        public Task Task => gone.Task;

        public void Go() => gone.SetResult();
    }

    private sealed class Turn(StartPacer pacer, WaitQueue<Waiter> line, long number) : IThreadPoolWorkItem
    {
        public void Execute() => pacer.ServeFirst(line, number);
    }
}
