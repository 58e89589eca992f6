using JobService.Lanes;

namespace JobService.Dispatch;

/// <summary>
/// A <see cref="SemaphoreSlim"/> whose size may change: what is taken beyond a smaller size is a debt that returning permits pay. It also
/// <see cref="PermitPromises">promises</see> permits that are not back yet.
/// </summary>
public sealed class QueueGate(int size) : IDisposable
{
    private readonly SemaphoreSlim permits = new(size);
    private readonly Lock gate = new();
    private readonly PermitPromises promises = new();
    private int size = size;
    private int debt;
    private bool exhausted;
    private bool hasBegun;
    private bool isKnown;

    /// <summary>A call has ended, or has taken its time: see <see cref="Open"/>.</summary>
    public bool IsKnown => Volatile.Read(ref isKnown);

    public void Resize(int wanted)
    {
        if (Volatile.Read(ref size) == wanted)
            return;
        lock (gate)
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

            Release(more);
        }
    }

    /// <summary>Takes up to so many permits without waiting; when there are fewer, those that are expected back are promised too.</summary>
    /// <param name="atMost">So many in all.</param>
    /// <param name="now">Ticks of store time.</param>
    /// <param name="until">Permits that are expected later are not promised yet; null when none are to be promised.</param>
    public Permits Take(int atMost, long now, long? until)
    {
        lock (gate)
        {
            var free = 0;
            while (free < atMost && permits.Wait(0))
                free++;
            exhausted = true;
            if (until is null)
                return new Permits(free);
            var expected = promises.Make(atMost - free, now, until.Value, out var nextAt);
            return new Permits(free, expected, nextAt);
        }
    }

    /// <summary>Gives back what was taken and not used, the promises that were made last among it.</summary>
    public void Return(int free, int promised)
    {
        lock (gate)
            Release(free + promises.Withdraw(promised));
    }

    /// <summary>A job comes for the permit that it was promised.</summary>
    /// <returns>Null when it has it; else what is told when it is back, or <see cref="GiveUp">too late</see>.</returns>
    public TaskCompletionSource<bool>? Redeem()
    {
        lock (gate)
            return promises.Redeem(() => permits.Wait(0));
    }

    public void GiveUp(TaskCompletionSource<bool> job)
    {
        bool isLate;
        lock (gate)
            isLate = promises.GiveUp(job);
        if (isLate)
            job.SetResult(false);
    }

    /// <summary>The call of a job that has its permit begins.</summary>
    public LinkedListNode<GateCall> Start(long now)
    {
        lock (gate)
            return promises.Start(now);
    }

    /// <summary>True once: for the first call of all.</summary>
    public bool Begin() => !Interlocked.Exchange(ref hasBegun, true);

    /// <summary>What is called is known from now on.</summary>
    /// <returns>False when it was known before.</returns>
    public bool Open() => !Interlocked.Exchange(ref isKnown, true);

    /// <summary>The call is over, and its permit is back. The next call begins in this very thread, if its job stands ready.</summary>
    /// <param name="call">The call.</param>
    /// <param name="took">Ticks; null when it was not made.</param>
    /// <returns>True when the last <see cref="Take"/> left nothing and none has become free since, or when it was the first call: somebody may be waiting for it.</returns>
    public bool End(LinkedListNode<GateCall> call, long? took)
    {
        var isNews = took is not null && !IsKnown && Open();
        TaskCompletionSource<bool>? next = null;
        lock (gate)
        {
            promises.End(call, took);
            if (debt > 0)
                debt--;
            else if (!promises.Keep(out next))
                return Release(1) || isNews;
        }

        next?.SetResult(true);
        return isNews;
    }

    public void Dispose() => permits.Dispose();

    /// <summary>Pays the debt, then keeps promises: on the thread pool, for the caller may be the store's thread. The rest is free.</summary>
    private bool Release(int count)
    {
        var paid = Math.Min(debt, count);
        debt -= paid;
        for (count -= paid; count > 0 && promises.Keep(out var next); count--)
        {
            if (next is not null)
                ThreadPool.UnsafeQueueUserWorkItem(static job => job.SetResult(true), next, preferLocal: false);
        }

        if (count > 0)
            permits.Release(count);
        var wanted = exhausted;
        exhausted = false;
        return wanted;
    }
}
