using System.Runtime.InteropServices;
using JobService.Ledger;
using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Events;

/// <summary>The open streams and their events. The store is watched while there is a stream, and a while longer, because a client whose connection was cut reconnects.</summary>
internal sealed class LiveEvents : IDisposable
{
    /// <summary>Capacity of the inbox: 0.3 s of events at the fastest rate.</summary>
    private const int InboxCapacity = 32_768;

    /// <summary>Capacity of all rings together, about 25 MB.</summary>
    private const int RingPlaces = 262_144;

    /// <summary>With more groups, none is kept for clients that may reconnect.</summary>
    private const int MaxKept = 1_000;

    /// <summary>How long a group is kept: a browser reconnects after some seconds.</summary>
    internal static readonly TimeSpan Linger = TimeSpan.FromSeconds(30);

    private readonly Dictionary<EventScope, EventGroup> groups = [];
    private readonly List<EventGroup> touched = [];
    private readonly RingBudget rings = new(RingPlaces);
    private readonly Lock gate = new();
    private readonly IJobStore store;
    private readonly TimeProvider time;
    private readonly EventOptions options;
    private readonly ITimer sweep;
    private Task<IDisposable>? watch;
    private int groupsOfQueues;
    private int groupsOfBatches;
    private int groupsOfJobs;
    private long latest;
    private int streams;
    private int load;
    private bool isSweepSet;

    public LiveEvents(IJobStore store, IOptions<EventOptions> options, TimeProvider time)
    {
        (this.store, this.time, this.options) = (store, time, options.Value);
        // Microseconds: higher than any number of an earlier process, unless it had a million events a second all its life, and exact as a JavaScript number.
        latest = store.Now.ToUnixTimeMilliseconds() * 1_000;
        sweep = time.CreateTimer(_ => Sweep(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal EventInbox Inbox { get; } = new(InboxCapacity);

    /// <summary>The sum of the weights of open streams.</summary>
    internal int Load => Volatile.Read(ref load);

    /// <summary>Starts a stream: from the completion of the task on, every committed change is either delivered or reported as a gap.</summary>
    /// <param name="scope">Which events it covers.</param>
    /// <param name="weight">How many streams it counts as.</param>
    /// <param name="after">Number of the last event that the client has seen; null for a new stream.</param>
    /// <returns>Null when the maximum number of streams is open.</returns>
    /// <exception cref="StorageUnavailableException">The store cannot be watched.</exception>
    public async Task<EventSubscription?> SubscribeAsync(EventScope scope, int weight = 1, long? after = null)
    {
        var (subscription, watching) = Enter(scope, weight, after);
        if (subscription is null)
            return null;
        try
        {
            await watching;
            return subscription;
        }
        catch
        {
            subscription.Dispose();
            throw;
        }
    }

    internal void Leave(EventSubscription subscription)
    {
        lock (gate)
        {
            streams--;
            load -= subscription.Weight;
            var group = subscription.Group;
            if (--group.Streams > 0)
                return;

            group.EmptySince = time.GetTimestamp();
            if (group.Scope.IsOfJob || groups.Count > MaxKept)
                Forget(group);
            else if (!isSweepSet)
                SetSweep();
        }
    }

    /// <summary>Puts the changes from the store into the rings and wakes the waiting streams.</summary>
    internal void Route(EventBag bag)
    {
        lock (gate)
        {
            var place = 0;
            foreach (var (at, count) in bag.Commits)
            {
                foreach (ref readonly var change in CollectionsMarshal.AsSpan(bag.Changes).Slice(place, count))
                    Route(new LiveEvent(++latest, at, change));
                place += count;
            }

            latest += bag.Lost;
            if (bag.Lost > 0)
            {
                foreach (var group in groups.Values)
                    Touch(group, group.Lose(bag.Lost, latest));
            }

            foreach (var group in touched)
                group.Wake();
            touched.Clear();
        }
    }

    public void Dispose()
    {
        sweep.Dispose();
        lock (gate)
            StopWatching();
        Inbox.Dispose();
    }

    private (EventSubscription? Subscription, Task Watching) Enter(EventScope scope, int weight, long? after)
    {
        lock (gate)
        {
            if (streams == options.MaxStreams)
                return (null, Task.CompletedTask);
            if (!groups.TryGetValue(scope, out var group))
            {
                groups.Add(scope, group = new EventGroup(scope, latest, rings));
                Count(scope, 1);
            }

            if (watch is null or { IsFaulted: true })
                watch = store.WatchAsync(Inbox.Put);
            streams++;
            load += weight;
            group.Streams++;
            return (new EventSubscription(this, group, weight, after, latest, time), watch);
        }
    }

    private void Route(in LiveEvent live)
    {
        var change = live.Change;
        var isJob = change.Kind is StoreEventKind.Job or StoreEventKind.JobAsItStands;
        if (change.Kind != StoreEventKind.JobAsItStands)
            Append(EventScope.All, live);
        if (change.Kind is StoreEventKind.Job or StoreEventKind.Queue && groupsOfQueues > 0)
            Append(EventScope.OfQueue(change.Name), live);
        if (change.Kind is StoreEventKind.Job && change.Batch != default && groupsOfBatches > 0)
            Append(EventScope.OfBatch(change.Batch), live);
        if (isJob && groupsOfJobs > 0)
            Append(EventScope.OfJob(change.Job), live);
    }

    private void Append(EventScope scope, in LiveEvent live)
    {
        if (groups.TryGetValue(scope, out var group))
            Touch(group, group.Append(live));
    }

    private void Touch(EventGroup group, bool isFirst)
    {
        if (isFirst)
            touched.Add(group);
    }

    /// <summary>Drops groups to which no client has reconnected.</summary>
    private void Sweep()
    {
        lock (gate)
        {
            isSweepSet = false;
            foreach (var group in groups.Values.Where(group => group.Streams == 0 && time.GetElapsedTime(group.EmptySince) >= Linger).ToList())
                Forget(group);
            if (groups.Values.Any(group => group.Streams == 0))
                SetSweep();
        }
    }

    private void SetSweep()
    {
        isSweepSet = true;
        sweep.Change(Linger, Timeout.InfiniteTimeSpan);
    }

    private void Forget(EventGroup group)
    {
        groups.Remove(group.Scope);
        Count(group.Scope, -1);
        group.Dispose();
        if (groups.Count == 0)
            StopWatching();
    }

    /// <summary>Counted, because a lookup without readers would cost time on every event.</summary>
    private void Count(EventScope scope, int more)
    {
        groupsOfQueues += scope.Queue is null ? 0 : more;
        groupsOfBatches += scope.Batch == default ? 0 : more;
        groupsOfJobs += scope.IsOfJob ? more : 0;
    }

    /// <summary>No stream is left, and those that were had waited for the watch to start.</summary>
    private void StopWatching()
    {
        if (watch is { IsCompletedSuccessfully: true } begun)
            _ = EndAsync(begun);
        watch = null;
    }

    private static async Task EndAsync(Task<IDisposable> watch) => (await watch).Dispose();
}
