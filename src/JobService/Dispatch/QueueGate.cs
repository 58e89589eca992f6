using JobService.Lanes;

namespace JobService.Dispatch;

/// <summary>
/// A <see cref="SemaphoreSlim"/> whose size may change: what is taken beyond a smaller size is a debt that returning permits pay. A job takes its permit when its call begins; from its claim to there
/// one is kept for it, or is <see cref="PermitPromises">promised</see>. What is left is offered for the next claims.
/// </summary>
/// <remarks>The semaphore bounds the calls, whatever was offered: a job that finds no permit waits for one in its slot.</remarks>
public sealed class QueueGate(string queue, int size) : IDisposable
{
    /// <summary>Of so many expected ends each new one is told at once, of more only now and then.</summary>
    private const int FewExpected = 16;

    private readonly SemaphoreSlim permits = new(size);
    private readonly Lock gate = new();
    private readonly PermitPromises promises = new();

    /// <summary>Jobs whose slot has come and whose permit has not.</summary>
    private readonly LinkedList<PermitWait> waiting = new();

    private int size = size;
    private int debt;

    /// <summary>Jobs that were claimed for a free permit and have not come for it.</summary>
    private int claimed;

    private Permits offered = Permits.None;

    /// <summary>Calls that have begun since the last offer.</summary>
    private int begun;
    private bool hasBegun;
    private bool isKnown;
    private bool isMarked;

    public string Queue { get; } = queue;

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
            for (; more > 0; more--)
            {
                // On the thread pool: this one has other queues to look at.
                if (GiveBack() is { } next)
                    ThreadPool.UnsafeQueueUserWorkItem(static job => job.Enter(), next, preferLocal: false);
            }

            debt -= more;
            while (debt > 0 && permits.Wait(0))
                debt--;
        }
    }

    /// <summary>What may be claimed by now.</summary>
    /// <param name="now">Ticks of store time.</param>
    public Permits Offer(long now)
    {
        lock (gate)
        {
            begun = 0;
            return offered = new Permits(Free, promises.Expected(now));
        }
    }

    /// <summary>Jobs were claimed: each comes to <see cref="Enter"/>.</summary>
    /// <param name="free">So many for permits that were offered as free.</param>
    /// <param name="expected">The others, for those that were expected then.</param>
    public void Claim(int free, IReadOnlyList<long> expected)
    {
        lock (gate)
        {
            claimed += free;
            promises.Make(expected);
        }
    }

    /// <summary>A claimed job comes for its permit.</summary>
    /// <returns>Null when it has it; else what is told when it has, or when it <see cref="GiveUp">gives up</see>.</returns>
    public PermitWait? Enter(bool isPromised)
    {
        lock (gate)
        {
            // What is kept for the jobs that were claimed for a free one is theirs.
            var has = permits.CurrentCount > (isPromised ? claimed : 0) && permits.Wait(0);
            if (!isPromised)
                claimed--;
            else if (has)
                promises.Keep();
            return has ? null : waiting.AddLast(new PermitWait(isPromised)).Value;
        }
    }

    /// <summary>The job's time is up; nothing when it has its permit.</summary>
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

    /// <summary>The call of a job that has its permit begins.</summary>
    /// <returns>The call, and what is to be offered by now.</returns>
    public (LinkedListNode<GateCall> Call, OfferChange Change) Start(long now)
    {
        lock (gate)
        {
            begun++;
            return (promises.Start(now), Change);
        }
    }

    /// <summary>True once: for the first call of all.</summary>
    public bool Begin() => !Interlocked.Exchange(ref hasBegun, true);

    /// <summary>What is called is known from now on.</summary>
    /// <returns>False when it was known before.</returns>
    public bool Open() => !Interlocked.Exchange(ref isKnown, true);

    /// <summary>The call is over, and its permit is back. The next call begins in this very thread, if its job stands ready.</summary>
    /// <param name="call">The call.</param>
    /// <param name="took">Ticks; null when it was not made.</param>
    /// <returns>What is to be offered by now.</returns>
    public OfferChange End(LinkedListNode<GateCall> call, long? took)
    {
        PermitWait? next;
        OfferChange change;
        lock (gate)
        {
            promises.End(call, took);
            next = GiveBack();
            change = Change;
        }

        next?.Enter();
        return change;
    }

    /// <summary>It is to be asked anew what it offers.</summary>
    /// <returns>False when that was known.</returns>
    public bool Mark() => !Volatile.Read(ref isMarked) && !Interlocked.Exchange(ref isMarked, true);

    /// <summary>Before it is asked.</summary>
    public void Unmark() => Interlocked.Exchange(ref isMarked, false);

    public void Dispose() => permits.Dispose();

    private int Free => Math.Max(permits.CurrentCount - claimed - promises.Kept, 0);

    /// <summary>Small changes are not worth a word: with each claim all is offered anew. What is told is a first permit, twice as many, and all.</summary>
    private OfferChange Change
    {
        get
        {
            var free = Free;
            if (offered.Free == 0 && free > 0)
                return OfferChange.MoreThanNone;
            if (free < offered.Free || free >= 2 * Math.Max(offered.Free, 1) || (free > offered.Free && free == size))
                return OfferChange.Other;
            return free == 0 && promises.CanExpect && begun > offered.Expected.Count / FewExpected ? OfferChange.Other : OfferChange.None;
        }
    }

    /// <summary>A permit pays the debt, or goes to the job that waits longest, or is free.</summary>
    /// <returns>The job, which is still to be told.</returns>
    private PermitWait? GiveBack()
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
/// <param name="isPromised">It counts on a call that still runs.</param>
public sealed class PermitWait(bool isPromised)
{
    private readonly TaskCompletionSource<bool> entered = new();

    public bool IsPromised { get; } = isPromised;

    /// <summary>Whether it has got it in time.</summary>
    public Task<bool> Entered => entered.Task;

    internal void Enter() => entered.SetResult(true);

    internal void TurnAway() => entered.SetResult(false);
}

/// <summary>How what a gate could offer differs from what it has offered.</summary>
public enum OfferChange
{
    /// <summary>Not worth telling.</summary>
    None,

    /// <summary>It offered no permit, and has one: jobs may be waiting for it.</summary>
    MoreThanNone,

    /// <summary>No job waits for that, but the next ones may want it.</summary>
    Other,
}
