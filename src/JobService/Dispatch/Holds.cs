using System.Collections.Concurrent;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>Enforces "not before" on this node until the store knows of it: jobs that already have a slot do not start either.</summary>
/// <remarks>
/// It applies only to jobs claimed before the store knew of it. Later claims were allowed by the store with that knowledge, or after it was cleared: a second check here would
/// claim jobs and return them in an endless loop.
/// </remarks>
public sealed class Holds(IJobStore store)
{
    /// <summary>For a refusal that named no time: longer than any earlier claim is ahead of its start.</summary>
    private static readonly TimeSpan WithoutMoment = TimeSpan.FromSeconds(1);

    private const int FewEnoughToKeep = 1_024;

    private readonly ConcurrentDictionary<Held, Hold> holds = new();
    private long last;
    private int sweepAbove = FewEnoughToKeep;

    /// <summary>How many holds are remembered, expired or not.</summary>
    public int Count => holds.Count;

    /// <summary>Registers the feedback of a call, if it says "not before".</summary>
    /// <remarks>
    /// An open circuit needs no hold: its breaker refuses all calls of the queue before their start. A hold that outlasted the break by a
    /// moment would stop the call that probes the API, and the breaker would take that for another failure.
    /// </remarks>
    /// <returns>To be <see cref="HeldCall.SettleAsync">settled</see> when the store knows; null when there is nothing to hold.</returns>
    public HeldCall? Hold(ClaimedJob job, CallFeedback feedback)
    {
        var now = store.Now;
        if (feedback.CircuitOpen)
            return null;
        if (EndOf(feedback, now)?.UtcTicks is not { } end || end <= now.UtcTicks)
            return null;

        var made = new List<Hold>();
        foreach (var held in WhatItConcerns(job))
        {
            var hold = holds.GetOrAdd(held, static _ => new Hold());
            hold.Raise(end);
            made.Add(hold);
        }

        RaiseLast(end);
        Sweep(now.UtcTicks);
        return new HeldCall(made);
    }

    public bool Holding(ClaimedJob job)
    {
        // The common case: one read, without accessing the dictionary.
        var now = store.Now.UtcTicks;
        if (Volatile.Read(ref last) <= now)
            return false;

        return IsHeld(Held.Lane(job.Queue.Name, job.Key), job, now)
            || job.Queue.Definition.Limits.Any(limit => IsHeld(Held.Shared(limit), job, now) || IsHeld(Held.OfKey(limit, job.Key), job, now));
    }

    private static DateTimeOffset? EndOf(CallFeedback feedback, DateTimeOffset now) => feedback switch
    {
        { NotBefore: { } told } => told,
        { Refused: true } => now + WithoutMoment,
        { CallsBudget: { Remaining: 0, Until: var reset } } => reset,
        _ => null,
    };

    /// <summary>The states of the <c>perKey</c> limits that the attempt took; if there are none, its shared ones; if none, its (queue, key).</summary>
    private IEnumerable<Held> WhatItConcerns(ClaimedJob job)
    {
        var inForce = store.Catalog.Limits;
        var taken = job.Queue.Definition.Limits.Where(inForce.ContainsKey).ToList();
        if (taken.Count == 0)
            return [Held.Lane(job.Queue.Name, job.Key)];
        var perKey = taken.FindAll(limit => inForce[limit].Definition.Scope == LimitScope.PerKey);
        return perKey.Count > 0 ? perKey.Select(limit => Held.OfKey(limit, job.Key)) : taken.Select(Held.Shared);
    }

    private bool IsHeld(Held held, ClaimedJob job, long now) => holds.TryGetValue(held, out var hold) && hold.Concerns(job.Lease, now);

    private void RaiseLast(long end)
    {
        for (var seen = Volatile.Read(ref last); seen < end;)
        {
            var found = Interlocked.CompareExchange(ref last, end, seen);
            if (found == seen)
                return;
            seen = found;
        }
    }

    /// <summary>Keys that never occur again would pile up. Swept when their number has doubled since the last sweep, so each is visited about once.</summary>
    private void Sweep(long now)
    {
        var bound = Volatile.Read(ref sweepAbove);
        if (holds.Count <= bound || Interlocked.CompareExchange(ref sweepAbove, int.MaxValue, bound) != bound)
            return;

        foreach (var hold in holds)
        {
            if (hold.Value.IsOver(now))
                holds.TryRemove(hold);
        }

        Volatile.Write(ref sweepAbove, Math.Max(FewEnoughToKeep, 2 * holds.Count));
    }

    /// <param name="What">A limit or a queue.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Key">Null for all keys.</param>
    private readonly record struct Held(char What, string Name, string? Key)
    {
        public static Held Shared(string limit) => new('l', limit, null);

        public static Held OfKey(string limit, string key) => new('l', limit, key);

        public static Held Lane(string queue, string key) => new('q', queue, key);
    }
}

/// <summary>The holds set by one call.</summary>
public sealed class HeldCall
{
    private readonly IReadOnlyList<Hold> holds;

    internal HeldCall(IReadOnlyList<Hold> holds) => this.holds = holds;

    /// <summary>From then on the store decides: jobs with later leases are not held.</summary>
    /// <param name="lastLease">See <see cref="IJobStore.ReleaseAsync"/>. Null when the store could not be told: then the hold applies to all.</param>
    public async Task SettleAsync(Task<long?> lastLease)
    {
        if (await lastLease is not { } last)
            return;
        foreach (var hold in holds)
            hold.Settle(last);
    }
}

/// <summary>A moment before which jobs do not start if their claim did not know of it.</summary>
internal sealed class Hold
{
    private readonly Lock changing = new();
    private long until;
    private long lastLease;
    private int unsettled;

    public void Raise(long end)
    {
        lock (changing)
        {
            until = Math.Max(until, end);
            unsettled++;
        }
    }

    public void Settle(long last)
    {
        lock (changing)
        {
            lastLease = Math.Max(lastLease, last);
            unsettled--;
        }
    }

    public bool Concerns(long lease, long now)
    {
        lock (changing)
            return until > now && (unsettled > 0 || lease <= lastLease);
    }

    public bool IsOver(long now)
    {
        lock (changing)
            return until <= now;
    }
}
