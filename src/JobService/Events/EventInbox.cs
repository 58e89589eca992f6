using JobService.Ledger;

namespace JobService.Events;

/// <summary>What the store has told and nobody has looked at yet. Bounded: when the streams are that far behind, the rest is counted and not kept, and the store never waits.</summary>
internal sealed class EventInbox(int capacity) : IDisposable
{
    private readonly SemaphoreSlim arrived = new(0, 1);
    private readonly Lock gate = new();
    private EventBag waiting = new();
    private EventBag other = new();
    private bool isClosed;

    /// <summary>On the store's thread.</summary>
    public void Put(DateTimeOffset at, ReadOnlySpan<StoreEvent> changes)
    {
        lock (gate)
        {
            if (isClosed)
                return;

            var isFirst = waiting.IsEmpty;
            // Once something is lost all that follows is, until it has been told: what is lost lies in one piece, behind what is kept.
            if (waiting.Lost > 0 || waiting.Changes.Count + changes.Length > capacity)
                waiting.Lost += changes.Length;
            else
                waiting.Add(at, changes);

            if (isFirst)
                arrived.Release();
        }
    }

    /// <summary>Waits for something.</summary>
    /// <returns>All that has come; it is good until the next call.</returns>
    public async Task<EventBag> TakeAsync(CancellationToken stop)
    {
        await arrived.WaitAsync(stop);
        lock (gate)
        {
            (waiting, other) = (other, waiting);
            waiting.Clear();
            return other;
        }
    }

    /// <summary>The store may be in the middle of telling.</summary>
    public void Dispose()
    {
        lock (gate)
            isClosed = true;
        arrived.Dispose();
    }
}

/// <summary>Changes of several commits.</summary>
internal sealed class EventBag
{
    /// <summary>The moment of each commit, and how many of the changes are its own.</summary>
    public List<(DateTimeOffset At, int Count)> Commits { get; } = [];

    public List<StoreEvent> Changes { get; } = [];

    /// <summary>Changes that did not fit, behind the others.</summary>
    public long Lost { get; set; }

    public bool IsEmpty => Changes.Count == 0 && Lost == 0;

    public void Add(DateTimeOffset at, ReadOnlySpan<StoreEvent> changes)
    {
        Commits.Add((at, changes.Length));
        Changes.AddRange(changes);
    }

    public void Clear()
    {
        Commits.Clear();
        Changes.Clear();
        Lost = 0;
    }
}
