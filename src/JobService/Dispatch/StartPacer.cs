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
    private readonly Dictionary<(string Limit, string Key), Queue<Waiter>> waiting = [];

    /// <summary>What the store has not been told yet.</summary>
    public StartsMade TakeStarts()
    {
        lock (gate)
            return starts.Take(store.Now);
    }

    /// <summary>Waits behind the starts that were late, in the order of arrival. It ends also when the slot is over by then: <see cref="TryStart"/> decides.</summary>
    public Task ReadyAsync(ClaimedJob job)
    {
        if (job.Rates.Count == 0 || job.Slot is null)
            return Task.CompletedTask;

        lock (gate)
        {
            var at = starts.EarliestFor(job, out var state);
            if (state is not { } binding || (at <= store.Now && !waiting.ContainsKey(binding)))
                return Task.CompletedTask;

            var waiter = new Waiter(job);
            if (!waiting.TryGetValue(binding, out var line))
            {
                waiting.Add(binding, line = []);
                Wake(binding, at);
            }

            line.Enqueue(waiter);
            return waiter.Task;
        }
    }

    /// <summary>The last look at the clock before the send. What it lets start has started.</summary>
    public StartVerdict TryStart(ClaimedJob job, out DateTimeOffset now)
    {
        lock (gate)
        {
            now = store.Now;
            return starts.TryStart(job, now);
        }
    }

    private void Wake((string Limit, string Key) state, DateTimeOffset at) => slots.Schedule(store.TimestampOf(at), new Turn(this, state));

    /// <summary>The first that waits goes, if its moment has come; then the next one's is known.</summary>
    private void ServeFirst((string Limit, string Key) state)
    {
        Waiter first;
        lock (gate)
        {
            first = waiting[state].Peek();
            var at = starts.EarliestFor(first.Job, out _);
            if (at > store.Now && at <= first.Job.Slot!.Value.Latest)
            {
                Wake(state, at);
                return;
            }
        }

        first.Go(); // up to its send, in this very thread
        lock (gate)
        {
            var line = waiting[state];
            line.Dequeue();
            if (line.TryPeek(out var next))
                Wake(state, starts.EarliestFor(next.Job, out _));
            else
                waiting.Remove(state);
        }
    }

    private sealed class Waiter(ClaimedJob job)
    {
        private readonly TaskCompletionSource gone = new();

        public ClaimedJob Job { get; } = job;

        public Task Task => gone.Task;

        public void Go() => gone.SetResult();
    }

    private sealed class Turn(StartPacer pacer, (string Limit, string Key) state) : IThreadPoolWorkItem
    {
        public void Execute() => pacer.ServeFirst(state);
    }
}
