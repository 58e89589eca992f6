using JobService.Ledger;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>Spaces calls by their actual starts: one that comes late holds back those that were given their slots before that was known, by its lateness and no longer.</summary>
/// <remarks>
/// A slot is handed out some milliseconds ahead, as if all before it would be used on time. On a busy machine they are not, and a slot that is given up is lost, while one that
/// is used late keeps the bound of its limits as long as the next ones lie behind it. Here they do so up to the moment at which the store is told and hands out later slots.
/// Priorities do not matter here: a job that has a slot goes before one that has none.
/// </remarks>
public sealed class StartPacer(IJobStore store, SlotClock slots)
{
    private readonly Lock gate = new();
    private readonly PacedStarts starts = new();
    private readonly Dictionary<(string Limit, string Key), WaitQueue<Waiter>> waiting = [];

    /// <summary>A start has come late, or is known to have: what waits for later slots is to lie behind it.</summary>
    public event Action? CameLate;

    /// <summary>What the store may not have heard yet.</summary>
    /// <param name="request">The number of the request that tells it.</param>
    public StartsMade Tell(long request)
    {
        lock (gate)
            return starts.Tell(request);
    }

    /// <summary>Jobs were claimed.</summary>
    /// <returns>The same, planned no later than the first late start that the store did not know of.</returns>
    public IReadOnlyList<ClaimedJob> TakeUp(ClaimResult result)
    {
        lock (gate)
        {
            return starts.Heard(result.Known) is { } unheard
                ? [.. result.Jobs.Select(job => job.PlannedAt > unheard ? job with { PlannedAt = unheard } : job)]
                : result.Jobs;
        }
    }

    /// <summary>A claim has come to where its slot is waited for.</summary>
    public void HandOver(ClaimedJob job)
    {
        lock (gate)
            starts.HandOver(job, store.Now);
    }

    /// <summary>Waits behind the starts that were late, in the order of arrival. It ends also when the slot is over by then: <see cref="TryStart"/> decides.</summary>
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

    /// <summary>The last look at the clock before the send. What it lets start has started.</summary>
    public StartVerdict TryStart(ClaimedJob job, out DateTimeOffset now)
    {
        lock (gate)
        {
            now = store.Now;
            var hadNews = starts.HasNews;
            var verdict = starts.TryStart(job, now);
            if (starts.HasNews && !hadNews)
                SayThatOneCameLate();
            return verdict;
        }
    }

    /// <summary>The call of a job that has started is over.</summary>
    /// <returns>What its limits are to count it as, if that is later than they do: told with the next claims, unless the end of the attempt comes first.</returns>
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
                SayThatOneCameLate();
            foreach (var (limit, key, _) in job.Rates)
            {
                // Who waits for this response may go earlier.
                if (waiting.TryGetValue((limit, key), out var line) && !line.IsServed && line.Jobs.TryPeek(out var first)
                    && starts.EarliestFor(first.Job, now, out _) is var at && at < line.WakesAt)
                {
                    Wake(line, at);
                }
            }

            return countsAt;
        }
    }

    /// <summary>On the thread pool: between its last look and its send a call waits for nobody.</summary>
    private void SayThatOneCameLate() => ThreadPool.UnsafeQueueUserWorkItem(static pacer => pacer.CameLate?.Invoke(), this, preferLocal: false);

    private void Wake(WaitQueue<Waiter> line, DateTimeOffset at)
    {
        line.WakesAt = at;
        slots.Schedule(store.TimestampOf(at), new Turn(this, line, line.NextTurn()));
    }

    /// <summary>The first that waits goes, if its moment has come; then the next one's is known.</summary>
    private void ServeFirst(WaitQueue<Waiter> line, long turn)
    {
        Waiter first;
        lock (gate)
        {
            if (!line.IsFor(turn))
                return; // another turn has been called since, for another moment or for the same again
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
