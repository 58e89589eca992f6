using JobService.Ledger;

namespace JobService.Events;

/// <summary>Changes published by the store and not yet distributed. Bounded: when it is full, further changes are counted and dropped, and the store never waits.</summary>
internal sealed class EventInbox(int capacity) : IDisposable
{
    private readonly SemaphoreSlim arrived = new(0, 1);
    private readonly Lock gate = new();
    private EventBag waiting = new();
    private EventBag other = new();
    private bool isClosed;

    /// <summary>Called on the store's thread.</summary>
    public void Put(DateTimeOffset at, ReadOnlySpan<StoreEvent> changes)
    {
        lock (gate)
        {
            if (isClosed)
                return;

            var isFirst = waiting.IsEmpty;
            // Once a change is lost, all following ones are, until the loss has been reported: the gap is contiguous and comes after the changes kept.
            if (waiting.Lost > 0 || waiting.Changes.Count + changes.Length > capacity)
                waiting.Lost += changes.Length;
            else
                waiting.Add(at, changes);

            if (isFirst)
                arrived.Release();
        }
    }

    /// <summary>Waits for changes.</summary>
    /// <returns>All changes so far; valid until the next call.</returns>
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

    /// <summary>The store may be publishing at the same time.</summary>
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
    /// <summary>The time of each commit, and its number of changes.</summary>
    public List<(DateTimeOffset At, int Count)> Commits { get; } = [];

    public List<StoreEvent> Changes { get; } = [];

    /// <summary>The number of changes that did not fit, after the others.</summary>
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
