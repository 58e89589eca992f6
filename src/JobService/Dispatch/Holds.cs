using System.Collections.Concurrent;
using JobService.Jobs;
using JobService.Limits;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>"Not before" as this node has just heard it, in force before the store knows: jobs with a slot in hand do not start either.</summary>
/// <remarks>In store time, as the pause that the store is told of: were one of them over before the other, jobs would be claimed and given back meanwhile.</remarks>
public sealed class Holds(IJobStore store)
{
    /// <summary>
    /// After a refusal without a moment only what was claimed before the store heard of it is held. For how long such limits rest the store decides: held
    /// beyond that, their jobs would be claimed and given back in circles.
    /// </summary>
    private static readonly TimeSpan UntilTheStoreKnows = TimeSpan.FromMilliseconds(100);

    private const int FewEnoughToKeep = 1_024;

    private readonly ConcurrentDictionary<Held, long> until = new();
    private long last;
    private int sweepAbove = FewEnoughToKeep;

    /// <summary>How many holds are remembered, over or not.</summary>
    public int Count => until.Count;

    /// <summary>Takes up what a call has taught, if it says "not before".</summary>
    /// <remarks>
    /// An open circuit needs no hold: its breaker refuses the calls of the whole queue before it comes to their start. A hold that outlasted the break by a
    /// moment would stop the call that probes the API, and the breaker would take that for another failure.
    /// </remarks>
    public void Hold(ClaimedJob job, CallLesson lesson)
    {
        var now = store.Now;
        if (lesson.CircuitOpen)
            return;
        if (EndOf(lesson, now)?.UtcTicks is not { } end || end <= now.UtcTicks)
            return;

        foreach (var held in WhatItConcerns(job))
            until.AddOrUpdate(held, static (_, end) => end, static (_, before, end) => Math.Max(before, end), end);
        RaiseLast(end);
        Sweep(now.UtcTicks);
    }

    public bool Holding(ClaimedJob job)
    {
        // Nearly always: one read, and no look at the dictionary.
        var now = store.Now.UtcTicks;
        if (Volatile.Read(ref last) <= now)
            return false;

        return IsHeld(Held.Lane(job.Queue.Name, job.Key), now)
            || job.Queue.Definition.Limits.Any(limit => IsHeld(Held.Shared(limit), now) || IsHeld(Held.OfKey(limit, job.Key), now));
    }

    private static DateTimeOffset? EndOf(CallLesson lesson, DateTimeOffset now) => lesson switch
    {
        { NotBefore: { } told } => told,
        { Refused: true } => now + UntilTheStoreKnows,
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

    private bool IsHeld(Held held, long now) => until.TryGetValue(held, out var end) && end > now;

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

    /// <summary>Keys that never come back would pile up. Looked through when as many have come as the last look left, so each is looked at about once.</summary>
    private void Sweep(long now)
    {
        var bound = Volatile.Read(ref sweepAbove);
        if (until.Count <= bound || Interlocked.CompareExchange(ref sweepAbove, int.MaxValue, bound) != bound)
            return;

        foreach (var hold in until)
        {
            if (hold.Value <= now)
                until.TryRemove(hold);
        }

        Volatile.Write(ref sweepAbove, Math.Max(FewEnoughToKeep, 2 * until.Count));
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
