using System.Collections.Concurrent;
using System.Collections.Immutable;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>The semaphore of each queue, and the permits that this node offers: with each claim, and again while the claim waits if the offer has changed. One claim waits at a time.</summary>
public sealed class QueueSemaphores : IDisposable
{
    /// <summary>How long a job without a slot waits for an expected permit: calls often end on a tick of the kernel, every 4 ms, and a collection of garbage takes as long.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    /// <summary>Concurrent calls to an API of which nothing is known and that has no limit: it may allow one at a time, and say so with the first response.</summary>
    private const int FirstCalls = 8;

    /// <summary>How long further calls wait for the first ones, if these are slow.</summary>
    private static readonly TimeSpan FirstCallsAlone = TimeSpan.FromMilliseconds(100);

    private readonly IJobStore store;
    private readonly SlotClock slots;
    private readonly StartPacer starts;
    private readonly ConcurrentDictionary<string, QueueSemaphore> semaphores = new();

    /// <summary>Semaphores whose offer may have changed.</summary>
    private readonly ConcurrentQueue<QueueSemaphore> changed = new();

    /// <summary>One request is created and sent at a time, so that the store receives the newest last.</summary>
    private readonly Lock offering = new();
    private ImmutableDictionary<string, Permits> offers = ImmutableDictionary<string, Permits>.Empty;
    private Catalog catalog = Catalog.Empty;
    private long lastNumber;
    private Task<ClaimResult> claiming = Task.FromResult(ClaimResult.Nothing);

    public QueueSemaphores(IJobStore store, SlotClock slots, StartPacer starts)
    {
        (this.store, this.slots, this.starts) = (store, slots, starts);
        starts.StartedLate += () => Renew(atOnce: false);
    }

    /// <summary>Offers the permits and waits until jobs are claimed for them: each job then calls <see cref="EnterAsync"/>.</summary>
    /// <returns>None when the permits have to be offered again.</returns>
    public async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(CancellationToken stopTaking)
    {
        lock (offering)
            claiming = store.ClaimAsync(NextRequest(), stopTaking);
        return Register(await claiming);
    }

    /// <summary>Begins the call of a claimed job as soon as it has its permit.</summary>
    /// <returns>Null when the permit did not come in time.</returns>
    public async ValueTask<Admission?> EnterAsync(ClaimedJob job)
    {
        var semaphore = semaphores[job.Queue.Name];
        if (semaphore.Enter(isPromised: job.PermitAt is not null) is { } wait)
        {
            var until = job.Slot is { } slot ? slot.At + slot.Window : Later(job.PermitAt, store.Now) + Patience;
            slots.Schedule(store.TimestampOf(until), new TooLate(semaphore, wait));
            if (!await wait.Entered)
                return null;
        }

        if (!semaphore.IsKnown && semaphore.Begin())
            slots.Schedule(store.TimestampOf(store.Now + FirstCallsAlone), new Opening(this, semaphore));
        var (call, change) = semaphore.Start(store.Now.UtcTicks);
        Note(semaphore, change);
        return new Admission(semaphore, call);
    }

    /// <summary>The call is over, and its permit is back.</summary>
    /// <param name="admission">What <see cref="EnterAsync"/> returned.</param>
    /// <param name="callWasMade">Whether the call was made, so that its duration counts.</param>
    public void Leave(Admission admission, bool callWasMade)
    {
        var (semaphore, call) = admission;
        var opens = callWasMade && !semaphore.IsKnown && semaphore.Open();
        var change = semaphore.End(call, callWasMade ? store.Now.UtcTicks - call.Value.StartedAt : null);
        Note(semaphore, opens ? OfferChange.MoreThanNone : change);
    }

    public void Dispose()
    {
        foreach (var semaphore in semaphores.Values)
            semaphore.Dispose();
    }

    private static DateTimeOffset Later(DateTimeOffset? permitAt, DateTimeOffset now) => permitAt > now ? permitAt.Value : now;

    private void Note(QueueSemaphore semaphore, OfferChange change)
    {
        Mark(semaphore);
        if (change != OfferChange.None)
            Renew(atOnce: change == OfferChange.MoreThanNone);
    }

    private void Mark(QueueSemaphore semaphore)
    {
        if (semaphore.Mark())
            changed.Enqueue(semaphore);
    }

    /// <summary>No effect while no claim waits: the next one has the current offer.</summary>
    private void Renew(bool atOnce)
    {
        lock (offering)
        {
            if (!claiming.IsCompleted)
                store.Renew(NextRequest(), atOnce);
        }
    }

    private ClaimRequest NextRequest()
    {
        ReadCatalog();
        var now = store.Now.UtcTicks;
        while (changed.TryDequeue(out var semaphore))
        {
            semaphore.Unmark();
            if (!catalog.Queues.TryGetValue(semaphore.Queue, out var entry))
            {
                offers = offers.Remove(semaphore.Queue);
                continue;
            }

            semaphore.Resize(SizeOf(semaphore, entry.Definition));
            offers = offers.SetItem(semaphore.Queue, semaphore.Offer(now));
        }

        lastNumber++;
        return new ClaimRequest(lastNumber, catalog.Revision, offers, starts.Tell(lastNumber));
    }

    /// <summary>The claimed jobs show which permits of the offer were used.</summary>
    private IReadOnlyList<ClaimedJob> Register(ClaimResult result)
    {
        lock (offering)
        {
            ReadCatalog(); // jobs that were claimed after it changed enter by the new size
            foreach (var jobs in result.Jobs.GroupBy(job => job.Queue.Name))
            {
                var semaphore = semaphores[jobs.Key];
                var expected = jobs.Where(job => job.PermitAt is not null).Select(job => job.PermitAt!.Value.UtcTicks).ToList();
                semaphore.Claim(free: jobs.Count() - expected.Count, expected);
                Mark(semaphore);
            }
        }

        return starts.TakeUp(result);
    }

    private void ReadCatalog()
    {
        if (store.Catalog is var newest && ReferenceEquals(newest, catalog))
            return;
        catalog = newest;
        foreach (var (name, entry) in catalog.Queues)
        {
            var semaphore = semaphores.GetOrAdd(name, static (name, size) => new QueueSemaphore(name, size), entry.Definition.MaxConcurrency);
            semaphore.Resize(SizeOf(semaphore, entry.Definition));
        }

        foreach (var semaphore in semaphores.Values)
            Mark(semaphore);
    }

    private static int SizeOf(QueueSemaphore semaphore, QueueDefinition queue) =>
        semaphore.IsKnown || queue.Limits.Count > 0 || !queue.Target.MayHaveUnknownLimits() ? queue.MaxConcurrency : Math.Min(FirstCalls, queue.MaxConcurrency);

    /// <summary>A call with a permit.</summary>
    public readonly record struct Admission(QueueSemaphore Semaphore, LinkedListNode<PermittedCall> Call);

    private sealed class Opening(QueueSemaphores semaphores, QueueSemaphore semaphore) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            if (semaphore.Open())
                semaphores.Note(semaphore, OfferChange.MoreThanNone);
        }
    }

    private sealed class TooLate(QueueSemaphore semaphore, PermitWait job) : IThreadPoolWorkItem
    {
        // The job continues on the thread pool, not on the thread of the slot clock.
        public void Execute()
        {
            if (!job.Entered.IsCompleted)
                ThreadPool.UnsafeQueueUserWorkItem(static late => late.GiveUp(), this, preferLocal: false);
        }

        private void GiveUp() => semaphore.GiveUp(job);
    }
}
