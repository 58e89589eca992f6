using System.Collections.Concurrent;
using System.Collections.Immutable;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>The semaphore of each queue, and what this node offers of their permits: with each claim, and anew while the claim waits if there is something to tell. One claim waits at a time.</summary>
public sealed class QueueGates : IDisposable
{
    /// <summary>Without a slot a job waits so long for a permit that was expected: calls end on a tick of the kernel, 4 ms, as often as not.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5);

    /// <summary>Calls at once to an API of which nothing is known, without a limit: it may allow one at a time, and say so with the first response.</summary>
    private const int FirstCalls = 8;

    /// <summary>Slow calls wait no longer for the first of them.</summary>
    private static readonly TimeSpan FirstCallsAlone = TimeSpan.FromMilliseconds(100);

    private readonly IJobStore store;
    private readonly SlotClock slots;
    private readonly StartPacer starts;
    private readonly ConcurrentDictionary<string, QueueGate> gates = new();

    /// <summary>Those that are to be asked anew what they offer.</summary>
    private readonly ConcurrentQueue<QueueGate> changed = new();

    /// <summary>One request is made and sent at a time, so that the store gets the newest last.</summary>
    private readonly Lock offering = new();
    private ImmutableDictionary<string, Permits> offers = ImmutableDictionary<string, Permits>.Empty;
    private Catalog catalog = Catalog.Empty;
    private long lastNumber;
    private Task<ClaimResult> claiming = Task.FromResult(ClaimResult.Nothing);

    public QueueGates(IJobStore store, SlotClock slots, StartPacer starts)
    {
        (this.store, this.slots, this.starts) = (store, slots, starts);
        starts.CameLate += () => Renew(atOnce: false);
    }

    /// <summary>Offers what there is and waits until jobs are claimed for it: each comes to <see cref="EnterAsync"/>.</summary>
    /// <returns>None when all is to be offered anew.</returns>
    public async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(CancellationToken stopTaking)
    {
        lock (offering)
            claiming = store.ClaimAsync(NextRequest(), stopTaking);
        return TakeUp(await claiming);
    }

    /// <summary>The call of a claimed job begins, as soon as it has its permit.</summary>
    /// <returns>Null when the permit did not come in time.</returns>
    public async ValueTask<Admission?> EnterAsync(ClaimedJob job)
    {
        var gate = gates[job.Queue.Name];
        if (gate.Enter(isPromised: job.PermitAt is not null) is { } wait)
        {
            var until = job.Slot is { } slot ? slot.At + slot.Window : (job.PermitAt ?? store.Now) + Patience;
            slots.Schedule(store.TimestampOf(until), new TooLate(gate, wait));
            if (!await wait.Entered)
                return null;
        }

        if (!gate.IsKnown && gate.Begin())
            slots.Schedule(store.TimestampOf(store.Now + FirstCallsAlone), new Opening(this, gate));
        var (call, change) = gate.Start(store.Now.UtcTicks);
        Note(gate, change);
        return new Admission(gate, call);
    }

    /// <summary>The call is over, and its permit is back.</summary>
    /// <param name="admission">What it was let in with.</param>
    /// <param name="callWasMade">Whether it tells how long calls take.</param>
    public void Leave(Admission admission, bool callWasMade)
    {
        var (gate, call) = admission;
        var opens = callWasMade && !gate.IsKnown && gate.Open();
        var change = gate.End(call, callWasMade ? store.Now.UtcTicks - call.Value.StartedAt : null);
        Note(gate, opens ? OfferChange.MoreThanNone : change);
    }

    public void Dispose()
    {
        foreach (var gate in gates.Values)
            gate.Dispose();
    }

    private void Note(QueueGate gate, OfferChange change)
    {
        Mark(gate);
        if (change != OfferChange.None)
            Renew(atOnce: change == OfferChange.MoreThanNone);
    }

    private void Mark(QueueGate gate)
    {
        if (gate.Mark())
            changed.Enqueue(gate);
    }

    /// <summary>While no claim waits there is nobody to tell: the next one says it.</summary>
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
        while (changed.TryDequeue(out var gate))
        {
            gate.Unmark();
            if (!catalog.Queues.TryGetValue(gate.Queue, out var entry))
            {
                offers = offers.Remove(gate.Queue);
                continue;
            }

            gate.Resize(SizeOf(gate, entry.Definition));
            offers = offers.SetItem(gate.Queue, gate.Offer(now));
        }

        lastNumber++;
        return new ClaimRequest(lastNumber, catalog.Revision, offers, starts.Tell(lastNumber));
    }

    /// <summary>What of the offer was used follows from the jobs.</summary>
    private IReadOnlyList<ClaimedJob> TakeUp(ClaimResult answer)
    {
        lock (offering)
        {
            ReadCatalog(); // those that were claimed when it had changed enter by the new size
            foreach (var jobs in answer.Jobs.GroupBy(job => job.Queue.Name))
            {
                var gate = gates[jobs.Key];
                var expected = jobs.Where(job => job.PermitAt is not null).Select(job => job.PermitAt!.Value.UtcTicks).ToList();
                gate.Claim(free: jobs.Count() - expected.Count, expected);
                Mark(gate);
            }
        }

        return starts.TakeUp(answer);
    }

    private void ReadCatalog()
    {
        if (store.Catalog is var newest && ReferenceEquals(newest, catalog))
            return;
        catalog = newest;
        foreach (var (name, entry) in catalog.Queues)
        {
            var gate = gates.GetOrAdd(name, static (name, size) => new QueueGate(name, size), entry.Definition.MaxConcurrency);
            gate.Resize(SizeOf(gate, entry.Definition));
        }

        foreach (var gate in gates.Values)
            Mark(gate);
    }

    private static int SizeOf(QueueGate gate, QueueDefinition queue) =>
        gate.IsKnown || queue.Limits.Count > 0 || !queue.Target.MayHaveUnknownLimits() ? queue.MaxConcurrency : Math.Min(FirstCalls, queue.MaxConcurrency);

    /// <summary>A call with a permit.</summary>
    public readonly record struct Admission(QueueGate Gate, LinkedListNode<GateCall> Call);

    private sealed class Opening(QueueGates gates, QueueGate gate) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            if (gate.Open())
                gates.Note(gate, OfferChange.MoreThanNone);
        }
    }

    private sealed class TooLate(QueueGate gate, PermitWait job) : IThreadPoolWorkItem
    {
        // What the job does then is not for the clock's thread.
        public void Execute()
        {
            if (!job.Entered.IsCompleted)
                ThreadPool.UnsafeQueueUserWorkItem(static late => late.GiveUp(), this, preferLocal: false);
        }

        private void GiveUp() => gate.GiveUp(job);
    }
}
