using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>A queue as the planner sees it: its lanes, those of them that are ready, and the limits its calls need.</summary>
internal sealed class QueueLanes(string name)
{
    private readonly Dictionary<string, Lane> lanes = [];
    private readonly PriorityQueue<Lane, double> idle = new();
    private int maxWeight = int.MaxValue;

    public string Name { get; } = name;

    public bool Paused { get; set; }

    /// <summary>Lanes that only wait for the queue's turn: its permits.</summary>
    public Line Ready { get; } = new();

    public LimitLine[] Limits { get; private set; } = [];

    /// <summary>The states behind <see cref="Limits"/>, side by side for <see cref="Reservation"/>.</summary>
    public LimitState[] States { get; private set; } = [];

    public bool HandsOutSlots { get; private set; }

    /// <summary>The last round left ready lanes behind: as many calls run as the queue allows at once.</summary>
    public bool OutOfPermits { get; set; }

    public TimeSpan StartWindow { get; private set; }

    public IReadOnlyCollection<Lane> Lanes => lanes.Values;

    public Lane? Find(string key) => lanes.GetValueOrDefault(key);

    public Lane FindOrOpen(string key, ref long lastNumber)
    {
        if (lanes.TryGetValue(key, out var lane))
            return lane;

        lane = new Lane(this, key, ++lastNumber);
        lanes.Add(key, lane);
        return lane;
    }

    public void Configure(QueueDefinition definition, Func<string, LimitLine> limitLine)
    {
        Limits = [.. definition.Limits.Select(limitLine)];
        RefreshStates();
    }

    public void RefreshStates()
    {
        States = [.. Limits.Select(line => line.State)];
        HandsOutSlots = States.Any(state => state.HandsOutSlots);
        StartWindow = Reservation.StartWindow(States) ?? TimeSpan.Zero;
        maxWeight = States.Select(state => state.Definition.MaxWeight).DefaultIfEmpty(int.MaxValue).Min();
    }

    /// <summary>A job that came in before a limit was narrowed takes all there is, rather than blocking the line for ever.</summary>
    public int Fit(int weight) => Math.Min(weight, maxWeight);

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
            if (lane.VirtualTime <= virtualTime && lane.StandsIn is null && lane.PausedUntil <= now && lanes.GetValueOrDefault(lane.Key) == lane)
                lanes.Remove(lane.Key);
        }
    }
}
