using System.Runtime.InteropServices;
using JobService.Ledger;
using JobService.Storage;
using Microsoft.Extensions.Options;

namespace JobService.Events;

/// <summary>Who follows which events. The store is watched as long as somebody does, and a while longer: a client whose connection was cut comes back.</summary>
internal sealed class LiveEvents : IDisposable
{
    /// <summary>Events on their way here: 0.3 s of the fastest drain.</summary>
    private const int InboxCapacity = 32_768;

    /// <summary>Places in all rings together, about 25 MB.</summary>
    private const int RingPlaces = 262_144;

    /// <summary>With more groups nobody's is kept for a client that may come back.</summary>
    private const int MaxKept = 1_000;

    /// <summary>A browser comes back after some seconds.</summary>
    internal static readonly TimeSpan Linger = TimeSpan.FromSeconds(30);

    private readonly Dictionary<EventScope, EventGroup> groups = [];
    private readonly List<EventGroup> touched = [];
    private readonly RingRoom room = new(RingPlaces);
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
        // Microseconds: higher than any number of a former process, unless it had a million events a second all its life, and whole in a browser's numbers.
        latest = store.Now.ToUnixTimeMilliseconds() * 1_000;
        sweep = time.CreateTimer(_ => Sweep(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal EventInbox Inbox { get; } = new(InboxCapacity);

    /// <summary>Open streams, each as often as it counts.</summary>
    internal int Load => Volatile.Read(ref load);

    /// <summary>Begins a stream: of what is committed after the task has completed nothing is left out without a gap in its place.</summary>
    /// <param name="scope">What it is about.</param>
    /// <param name="weight">As how many streams it counts.</param>
    /// <param name="after">Number of the last event that the client has seen; null when it begins.</param>
    /// <returns>Null when there are as many streams as there may be.</returns>
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

    /// <summary>Puts what the store has told into the rings and wakes whoever waits.</summary>
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
                groups.Add(scope, group = new EventGroup(scope, latest, room));
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

    /// <summary>Forgets what nobody has come back to.</summary>
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

    /// <summary>A look for whom nobody asks would cost each event its share.</summary>
    private void Count(EventScope scope, int more)
    {
        groupsOfQueues += scope.Queue is null ? 0 : more;
        groupsOfBatches += scope.Batch == default ? 0 : more;
        groupsOfJobs += scope.IsOfJob ? more : 0;
    }

    /// <summary>Nobody is left, and whoever was has waited for the watch to begin.</summary>
    private void StopWatching()
    {
        if (watch is { IsCompletedSuccessfully: true } begun)
            _ = EndAsync(begun);
        watch = null;
    }

    private static async Task EndAsync(Task<IDisposable> watch) => (await watch).Dispose();
}
