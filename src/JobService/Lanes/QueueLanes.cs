using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>The planner's view of a queue: its lanes, the ready ones among them, and the limits that its calls need.</summary>
internal sealed class QueueLanes(string name)
{
    private readonly Dictionary<string, Lane> lanes = [];
    private readonly PriorityQueue<Lane, double> idle = new();
    private IReadOnlyDictionary<string, double> shares = new Dictionary<string, double>();
    private LimitWaitQueue[]? sharedWaitQueues;

    public string Name { get; } = name;

    public bool Paused { get; set; }

    /// <summary>Its target is failing: nothing starts before this moment.</summary>
    public long HeldUntil { get; set; }

    /// <summary>Consecutive claims that were returned without a call, of any key.</summary>
    public UnstartedClaims Unstarted { get; set; }

    /// <summary>Lanes with claims that were returned without a call, and no start since.</summary>
    public int StuckLanes { get; set; }

    /// <summary>Jobs that the current round has started.</summary>
    public int StartedInRound { get; set; }

    /// <summary>Lanes that only wait for the queue's permits.</summary>
    public ReadyLanes Ready { get; } = new();

    /// <summary>Its share of limits that other queues use too, relative to a queue of share 1.</summary>
    public double Share { get; private set; } = 1;

    /// <summary>Limits with a state for each key come first: a lane that waits for its own state blocks no other.</summary>
    public NamedLimit[] Limits { get; private set; } = [];

    /// <summary>Where a response states the cost of the call, for limits without their own expression.</summary>
    public string? WeightFrom { get; private set; }

    public bool HandsOutSlots { get; private set; }

    public TimeSpan StartWindow { get; private set; }

    public TimeSpan LongestDelay { get; private set; }

    /// <summary>Whether claims may precede their permits: not if others could meanwhile use what the job has taken of a limit.</summary>
    public bool MayClaimAhead { get; set; }

    public IReadOnlyCollection<Lane> Lanes => lanes.Values;

    public Lane? Find(string key) => lanes.GetValueOrDefault(key);

    public Lane FindOrOpen(string key, ref long lastNumber)
    {
        if (lanes.TryGetValue(key, out var lane))
            return lane;

        lane = new Lane(this, key, ++lastNumber) { Share = ShareOf(key) };
        lanes.Add(key, lane);
        return lane;
    }

    public void Configure(QueueDefinition definition, Func<string, NamedLimit> limit)
    {
        Limits = [.. definition.Limits.Select(limit)];
        shares = definition.KeyShares;
        WeightFrom = definition.WeightFrom;
        Share = definition.Share;
        foreach (var lane in lanes.Values)
            lane.Share = ShareOf(lane.Key);
        RefreshLimits();
    }

    public void RefreshLimits()
    {
        Limits = [.. Limits.OrderByDescending(limit => limit.IsPerKey)];
        sharedWaitQueues = Array.Exists(Limits, limit => limit.IsPerKey) ? null : [.. Limits.Select(limit => limit.WaitQueueOf(""))];
        var examples = Limits.Select(limit => LimitState.For(limit.Definition)).ToArray();
        HandsOutSlots = Array.Exists(examples, state => state.HandsOutSlots);
        StartWindow = Reservation.StartWindow(examples) ?? TimeSpan.Zero;
        LongestDelay = Reservation.LongestDelay(examples);
    }

    /// <summary>The states that a job of this key needs, in the order of <see cref="Limits"/>.</summary>
    public LimitWaitQueue[] WaitQueuesOf(string key) => sharedWaitQueues ?? Array.ConvertAll(Limits, limit => limit.WaitQueueOf(key));

    /// <summary>
    /// The lane has no job that may start. It is forgotten once the queue's virtual time has passed it: until then it could return with a debt. Where most keys occur only
    /// once, that time does not advance; then the lanes with the smallest debt are forgotten early.
    /// </summary>
    public void Rest(Lane lane) => idle.Enqueue(lane, lane.VirtualTime);

    public void ForgetIdle(long now)
    {
        while (idle.TryPeek(out var lane, out var virtualTime) && (virtualTime <= Ready.VirtualNow || !lane.IsIdle || idle.Count > LanePlanner.MaxIdleLanes))
        {
            idle.Dequeue();
            // A lane that became idle again since has a later entry.
            if (lane.VirtualTime <= virtualTime && lane.IsIdle && lane.Learned is null && lane.RestsUntil <= now && lanes.GetValueOrDefault(lane.Key) == lane)
            {
                lanes.Remove(lane.Key);
                StuckLanes -= lane.Unstarted.Rounds > 0 ? 1 : 0;
            }
        }
    }

    private double ShareOf(string key) => shares.GetValueOrDefault(key, 1);
}
