using System.Collections.Concurrent;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>The semaphore of each queue: a permit is taken before the claim and returned when the call ends.</summary>
public sealed class QueueGates(IJobStore store) : IDisposable
{
    private readonly ConcurrentDictionary<string, QueueGate> gates = new();

    /// <summary>Takes up to so many permits without waiting.</summary>
    public int Take(string queue, int atMost)
    {
        if (!store.Catalog.Queues.TryGetValue(queue, out var entry))
            return 0;
        var gate = gates.GetOrAdd(queue, static (_, size) => new QueueGate(size), entry.Definition.MaxConcurrency);
        gate.Resize(entry.Definition.MaxConcurrency);
        return gate.Take(atMost);
    }

    /// <returns>True when the last <see cref="Take"/> left nothing: somebody may be waiting for this permit.</returns>
    public bool Return(string queue, int permits) => gates[queue].Return(permits);

    public void Dispose()
    {
        foreach (var gate in gates.Values)
            gate.Dispose();
    }
}

/// <summary>A <see cref="SemaphoreSlim"/> whose size may change: what is taken beyond a smaller size is a debt that returning permits pay.</summary>
public sealed class QueueGate(int size) : IDisposable
{
    private readonly SemaphoreSlim permits = new(size);
    private readonly Lock sizing = new();
    private int size = size;
    private int debt;
    private bool exhausted;

    public void Resize(int wanted)
    {
        if (Volatile.Read(ref size) == wanted)
            return;
        lock (sizing)
        {
            var more = wanted - size;
            size = wanted;
            if (more < 0)
            {
                debt -= more;
                while (debt > 0 && permits.Wait(0))
                    debt--;
                return;
            }

            var paid = Math.Min(debt, more);
            debt -= paid;
            if (more > paid)
                permits.Release(more - paid);
        }
    }

    public int Take(int atMost)
    {
        // Said before the taking, and a permit comes back before it looks here: one of the two sees the other. A plain write could pass the look below.
        Interlocked.Exchange(ref exhausted, true);
        var taken = 0;
        while (taken < atMost && permits.Wait(0))
            taken++;
        return taken;
    }

    /// <returns>True when the last <see cref="Take"/> left nothing and none has come back since.</returns>
    public bool Return(int count)
    {
        lock (sizing)
        {
            var paid = Math.Min(debt, count);
            debt -= paid;
            if (count > paid)
                permits.Release(count - paid);
        }

        return Interlocked.Exchange(ref exhausted, false);
    }

    public void Dispose() => permits.Dispose();
}
