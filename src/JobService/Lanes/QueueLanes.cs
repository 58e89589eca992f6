using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>A queue as the planner sees it: its lanes, those of them that are ready, and the limits its calls need.</summary>
internal sealed class QueueLanes(string name)
{
    private readonly Dictionary<string, Lane> lanes = [];
    private readonly PriorityQueue<Lane, double> idle = new();
    private IReadOnlyDictionary<string, double> shares = new Dictionary<string, double>();
    private LimitLine[]? sharedLines;

    public string Name { get; } = name;

    public bool Paused { get; set; }

    /// <summary>Its target is broken: nothing starts before this moment.</summary>
    public long HeldUntil { get; set; }

    /// <summary>Claims in a row that came back without a call, of any key.</summary>
    public UnstartedClaims Unstarted { get; set; }

    /// <summary>Lanes with claims that came back without a call, and no start since.</summary>
    public int StuckLanes { get; set; }

    /// <summary>Jobs that the present round has started.</summary>
    public int StartedInRound { get; set; }

    /// <summary>Lanes that only wait for the queue's turn: its permits.</summary>
    public ReadyLine Ready { get; } = new();

    /// <summary>How much of limits that other queues name too it gets beside a queue of share 1.</summary>
    public double Share { get; private set; } = 1;

    /// <summary>Limits with a state for each key first: who waits for its own holds up nobody else.</summary>
    public NamedLimit[] Limits { get; private set; } = [];

    /// <summary>Where a response says what the call has cost, for limits that do not say it themselves.</summary>
    public string? WeightFrom { get; private set; }

    public bool HandsOutSlots { get; private set; }

    public TimeSpan StartWindow { get; private set; }

    public TimeSpan LongestDelay { get; private set; }

    /// <summary>Whether claims may lie ahead of their permits: not where others could use meanwhile what the job has taken of a limit.</summary>
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
        sharedLines = Array.Exists(Limits, limit => limit.IsPerKey) ? null : [.. Limits.Select(limit => limit.LineOf(""))];
        var examples = Limits.Select(limit => LimitState.For(limit.Definition)).ToArray();
        HandsOutSlots = Array.Exists(examples, state => state.HandsOutSlots);
        StartWindow = Reservation.StartWindow(examples) ?? TimeSpan.Zero;
        LongestDelay = Reservation.LongestDelay(examples);
    }

    /// <summary>The states that a job of this key needs, in the order of <see cref="Limits"/>.</summary>
    public LimitLine[] LinesOf(string key) => sharedLines ?? Array.ConvertAll(Limits, limit => limit.LineOf(key));

    /// <summary>
    /// The lane has no job that may go. It is forgotten once the queue's time has passed it: until then it could come back with a debt. Where most keys come
    /// once, that time stands still; then those that owe least are forgotten early.
    /// </summary>
    public void Rest(Lane lane) => idle.Enqueue(lane, lane.VirtualTime);

    public void ForgetIdle(long now)
    {
        while (idle.TryPeek(out var lane, out var virtualTime) && (virtualTime <= Ready.VirtualNow || lane.StandsIn is not null || idle.Count > LanePlanner.MaxIdleLanes))
        {
            idle.Dequeue();
            // One that has rested again since has a later entry that speaks for it.
            if (lane.VirtualTime <= virtualTime && lane.StandsIn is null && lane.Learned is null && lane.RestsUntil <= now && lanes.GetValueOrDefault(lane.Key) == lane)
            {
                lanes.Remove(lane.Key);
                StuckLanes -= lane.Unstarted.Rounds > 0 ? 1 : 0;
            }
        }
    }

    private double ShareOf(string key) => shares.GetValueOrDefault(key, 1);
}
