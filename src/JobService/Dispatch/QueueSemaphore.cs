using JobService.Lanes;

namespace JobService.Dispatch;

/// <summary>
/// A <see cref="SemaphoreSlim"/> whose size may change: permits taken beyond a reduced size are a debt, which returning permits pay. A job takes its permit when its call begins; from its claim until then
/// one is kept for it, or is <see cref="PermitPromises">promised</see>. The rest is offered with the next claim.
/// </summary>
/// <remarks>The semaphore bounds the calls, whatever was offered: a job for which there is no permit waits for one in its slot.</remarks>
public sealed class QueueSemaphore(string queue, int size) : IDisposable
{
    /// <summary>Up to this many expected ends, each new one renews the offer; beyond, only some do.</summary>
    private const int FewExpected = 16;

    private readonly SemaphoreSlim permits = new(size);
    private readonly Lock gate = new();
    private readonly PermitPromises promises = new();

    /// <summary>Jobs whose slot is due and whose permit is not back yet.</summary>
    private readonly LinkedList<PermitWait> waiting = new();

    private int size = size;
    private int debt;

    /// <summary>Jobs that were claimed for a free permit and have not taken it yet.</summary>
    private int claimed;

    private Permits offered = Permits.None;

    /// <summary>Calls that have begun since the last offer.</summary>
    private int begun;
    private bool hasBegun;
    private bool isKnown;
    private bool isMarked;

    public string Queue { get; } = queue;

    /// <summary>A call has ended, or has taken long enough: see <see cref="Open"/>.</summary>
    public bool IsKnown => Volatile.Read(ref isKnown);

    public void Resize(int wanted)
    {
        if (Volatile.Read(ref size) == wanted)
            return;
        lock (gate)
        {
            var more = wanted - size;
            size = wanted;
            for (; more > 0; more--)
            {
                // On the thread pool: the current thread serves other queues, too.
                if (Return() is { } next)
                    ThreadPool.UnsafeQueueUserWorkItem(static job => job.Enter(), next, preferLocal: false);
            }

            debt -= more;
            while (debt > 0 && permits.Wait(0))
                debt--;
        }
    }

    /// <summary>The permits that may be claimed now.</summary>
    /// <param name="now">Ticks of store time.</param>
    public Permits Offer(long now)
    {
        lock (gate)
        {
            begun = 0;
            return offered = new Permits(Free, promises.Expected(now, size));
        }
    }

    /// <summary>Jobs were claimed: each will call <see cref="Enter"/>.</summary>
    /// <param name="free">How many of them use permits that were offered as free.</param>
    /// <param name="expected">The expected permits that the others use, by their times.</param>
    public void Claim(int free, IReadOnlyList<long> expected)
    {
        lock (gate)
        {
            claimed += free;
            promises.Make(expected);
        }
    }

    /// <summary>A claimed job takes its permit, or begins to wait for it.</summary>
    /// <returns>Null when it has the permit; otherwise its wait, which ends when it gets one or <see cref="GiveUp">gives up</see>.</returns>
    public PermitWait? Enter(bool isPromised)
    {
        lock (gate)
        {
            // Permits that are kept for jobs claimed for a free one are not available to others.
            var has = permits.CurrentCount > (isPromised ? claimed : 0) && permits.Wait(0);
            if (!isPromised)
                claimed--;
            else if (has)
                promises.Keep();
            return has ? null : waiting.AddLast(new PermitWait(isPromised)).Value;
        }
    }

    /// <summary>The time of the job is up. No effect when it has its permit.</summary>
    public void GiveUp(PermitWait job)
    {
        lock (gate)
        {
            if (!waiting.Remove(job))
                return;
            if (job.IsPromised)
                promises.Break();
        }

        job.TurnAway();
    }

    /// <summary>Begins the call of a job that has its permit.</summary>
    /// <returns>The call, and whether the offer has changed.</returns>
    public (LinkedListNode<PermittedCall> Call, OfferChange Change) Start(long now)
    {
        lock (gate)
        {
            begun++;
            return (promises.Start(now), Change);
        }
    }

    /// <summary>True once, for the very first call.</summary>
    public bool Begin() => !Interlocked.Exchange(ref hasBegun, true);

    /// <summary>The API is known from now on: the first calls no longer hold others back.</summary>
    /// <returns>False when it was already known.</returns>
    public bool Open() => !Interlocked.Exchange(ref isKnown, true);

    /// <summary>The call is over, and its permit is back. The call of the job that waits longest begins on this very thread: at once, or when this one has ended altogether if calls are so quick that one would run inside the other.</summary>
    /// <param name="call">The call.</param>
    /// <param name="took">Ticks; null when it was not made.</param>
    /// <returns>Whether the offer has changed.</returns>
    public OfferChange End(LinkedListNode<PermittedCall> call, long? took)
    {
        PermitWait? next;
        OfferChange change;
        bool isQuick;
        lock (gate)
        {
            promises.End(call, took);
            next = Return();
            change = Change;
            isQuick = promises.AreQuick;
        }

        if (next is not null && isQuick)
            ThreadPool.UnsafeQueueUserWorkItem(static job => job.Enter(), next, preferLocal: true);
        else
            next?.Enter();
        return change;
    }

    /// <summary>Marks the offer as possibly changed.</summary>
    /// <returns>False when it was already marked.</returns>
    public bool Mark() => !Volatile.Read(ref isMarked) && !Interlocked.Exchange(ref isMarked, true);

    /// <summary>Before a new offer.</summary>
    public void Unmark() => Interlocked.Exchange(ref isMarked, false);

    public void Dispose() => permits.Dispose();

    private int Free => Math.Max(permits.CurrentCount - claimed - promises.Kept, 0);

    /// <summary>Small changes do not renew the offer, which every claim makes again: a first permit, twice as many, and all of them do.</summary>
    private OfferChange Change
    {
        get
        {
            var free = Free;
            if (offered.Free == 0 && (free > 0 || (offered.Expected.Count == 0 && promises.Promisable(size) >= Math.Min(size, FewExpected))))
                return OfferChange.MoreThanNone;
            if (free < offered.Free || free >= 2 * Math.Max(offered.Free, 1) || (free > offered.Free && free == size))
                return OfferChange.Other;
            return free == 0 && promises.CanExpect && begun > offered.Expected.Count / FewExpected ? OfferChange.Other : OfferChange.None;
        }
    }

    /// <summary>Returns a permit: it pays the debt, goes to the job that waits longest, or is free.</summary>
    /// <returns>That job, which the caller has to resume.</returns>
    private PermitWait? Return()
    {
        if (debt > 0)
        {
            debt--;
            return null;
        }

        if (waiting.First?.Value is not { } next)
        {
            permits.Release();
            return null;
        }

        waiting.RemoveFirst();
        if (next.IsPromised)
            promises.Keep();
        return next;
    }
}

/// <summary>A job that waits for its permit.</summary>
/// <param name="isPromised">It counts on the permit of a call that still runs.</param>
public sealed class PermitWait(bool isPromised)
{
    private readonly TaskCompletionSource<bool> entered = new();

    public bool IsPromised { get; } = isPromised;

    /// <summary>True when it got its permit in time.</summary>
    public Task<bool> Entered => entered.Task;

    internal void Enter() => entered.SetResult(true);

    internal void TurnAway() => entered.SetResult(false);
}

/// <summary>How the current offer of a semaphore differs from its last one.</summary>
public enum OfferChange
{
    /// <summary>Not enough to renew the offer.</summary>
    None,

    /// <summary>It offered no permit and has one now: jobs may be waiting for it.</summary>
    MoreThanNone,

    /// <summary>No job waits for it, but later ones may use it.</summary>
    Other,
}
