using System.Collections.Concurrent;
using JobService.Jobs;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>The semaphore of each queue: a permit is taken, or promised, before the claim and returned when the call ends.</summary>
public sealed class QueueGates(IJobStore store, SlotClock slots) : IDisposable
{
    /// <summary>Without a slot a job waits so long for a permit that was expected: calls end on a tick of the kernel, 4 ms, as often as not.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5);

    /// <summary>Calls at once to an API of which nothing is known, without a limit: it may allow one at a time, and say so with the first response.</summary>
    private const int FirstCalls = 8;

    /// <summary>Slow calls wait no longer for the first of them.</summary>
    private static readonly TimeSpan FirstCallsAlone = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<string, QueueGate> gates = new();

    public Permits Take(string queue, int atMost, long? until)
    {
        if (!store.Catalog.Queues.TryGetValue(queue, out var entry))
            return new Permits(0);
        var gate = gates.GetOrAdd(queue, static (_, size) => new QueueGate(size), entry.Definition.MaxConcurrency);
        gate.Resize(SizeOf(gate, entry.Definition));
        return gate.Take(atMost, store.Now.UtcTicks, until);
    }

    public void Return(string queue, int free, int promised) => gates[queue].Return(free, promised);

    /// <summary>The call of a claimed job begins, as soon as it has its permit.</summary>
    /// <returns>Null when the permit did not come in time.</returns>
    public async ValueTask<Admission?> EnterAsync(ClaimedJob job)
    {
        var gate = gates[job.Queue.Name];
        if (job.PermitAt is { } expected && gate.Redeem() is { } later)
        {
            var until = job.Slot is { } slot ? slot.At + slot.Window : expected + Patience;
            slots.Schedule(store.TimestampOf(until), new TooLate(gate, later));
            if (!await later.Task)
                return null;
        }

        if (!gate.IsKnown && gate.Begin())
            slots.Schedule(store.TimestampOf(store.Now + FirstCallsAlone), new Opening(gate, store));
        return new Admission(gate, gate.Start(store.Now.UtcTicks));
    }

    /// <summary>The call is over, and its permit is back.</summary>
    /// <param name="admission">What it was let in with.</param>
    /// <param name="callWasMade">Whether it tells how long calls take.</param>
    /// <returns>True when somebody may be waiting for the permit.</returns>
    public bool Leave(Admission admission, bool callWasMade) =>
        admission.Gate.End(admission.Call, callWasMade ? store.Now.UtcTicks - admission.Call.Value.StartedAt : null);

    public void Dispose()
    {
        foreach (var gate in gates.Values)
            gate.Dispose();
    }

    private static int SizeOf(QueueGate gate, QueueDefinition queue) =>
        gate.IsKnown || queue.Limits.Count > 0 || !queue.Target.MayHaveUnknownLimits() ? queue.MaxConcurrency : Math.Min(FirstCalls, queue.MaxConcurrency);

    /// <summary>A call with a permit.</summary>
    public readonly record struct Admission(QueueGate Gate, LinkedListNode<GateCall> Call);

    private sealed class Opening(QueueGate gate, IJobStore store) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            if (gate.Open())
                store.Nudge();
        }
    }

    private sealed class TooLate(QueueGate gate, TaskCompletionSource<bool> job) : IThreadPoolWorkItem
    {
        // What the job does then is not for the clock's thread.
        public void Execute()
        {
            if (!job.Task.IsCompleted)
                ThreadPool.UnsafeQueueUserWorkItem(static late => late.GiveUp(), this, preferLocal: false);
        }

        private void GiveUp() => gate.GiveUp(job);
    }
}
