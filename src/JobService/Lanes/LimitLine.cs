using JobService.Limits;

namespace JobService.Lanes;

/// <summary>One state of a limit and the lanes that wait for it, each queue's by themselves: one that may not start anything holds up no other.</summary>
/// <remarks>
/// Two levels: whose turn it is among the queues is decided by what each has had of this limit, in what the limit counts, ÷ its share, however many keys it has; among the lanes of
/// a queue by their virtual times. Start-time fair queueing on both.
/// </remarks>
internal sealed class LimitLine(NamedLimit limit, string key, LimitState state) : Line
{
    private readonly List<QueuePlace> places = new(1);
    private double servedTo;
    private int lastNumber;

    public NamedLimit Limit { get; } = limit;

    /// <summary>The job key whose state this is; empty for a shared limit.</summary>
    public string Key { get; } = key;

    public LimitState State { get; set; } = state;

    /// <summary>The lane that was called to be ready, if this is the state of one key: among the keys its queue decides whose turn it is.</summary>
    public Lane? Called { get; set; }

    /// <summary>When the head may go, as it was last asked: whatever else stands in the heap of moments is out of date.</summary>
    public long WakeAt { get; set; } = LimitState.Never;

    /// <summary>A moment is noted at which it is looked at whether the state can be forgotten.</summary>
    public bool IsResting { get; set; }

    /// <summary>A row of the store speaks of this state.</summary>
    public bool IsStored { get; set; }

    public bool IsEmpty => places.TrueForAll(place => place.Lanes.Count == 0);

    public IEnumerable<Lane> Lanes => places.SelectMany(place => place.Lanes);

    public IReadOnlyList<QueuePlace> Places => places;

    /// <summary>Where the limit of one key is used by one queue there is nothing to remember: a hundred thousand keys are like that.</summary>
    private bool RemembersTurns => !Limit.IsPerKey || Limit.IsNamedBySeveral;

    /// <summary>The first lane of the queue whose turn it is, out of those that may start something.</summary>
    public Lane? Head(Func<QueueLanes, bool> mayStart) => First(mayStart)?.Lanes.First;

    /// <summary>True when some lane of this line, of a queue that may start something, goes before the given one.</summary>
    public bool HasBefore(Lane lane, Func<QueueLanes, bool> mayStart)
    {
        if (IsEmpty || First(mayStart) is not { } first || first.Lanes.First is not { } head || head == lane)
            return false;
        if (first.Queue == lane.Queue)
            return (head.VirtualTime, head.Number).CompareTo((TimeHere(lane), lane.Number)) < 0;
        return GoesBefore(first.Queue, lane.Queue);
    }

    /// <summary>Whether it is the turn of one queue rather than of another, if both have a lane that may go.</summary>
    public bool GoesBefore(QueueLanes queue, QueueLanes other) => Order(queue).CompareTo(Order(other)) < 0;

    /// <summary>The clock of the line at which it is the queue's turn. What it lagged behind while it could not start anything it has not saved up.</summary>
    public double TurnOf(QueueLanes queue) => Find(queue) is { } place ? TurnOf(place) : servedTo;

    /// <summary>A job of the lane takes a weight of the limit.</summary>
    public void Serve(Lane lane, int weight)
    {
        if (!RemembersTurns)
            return;
        var place = FindOrAdd(lane.Queue);
        servedTo = TurnOf(place);
        place.Serve(servedTo, weight, lane.VirtualTime);
    }

    /// <summary>The queue does not need the limit any more; no lane of it stands here.</summary>
    public void Forget(QueueLanes queue) => places.RemoveAll(place => place.Queue == queue);

    /// <summary>The limit counts something else: what queues have had of it does not compare with what they will take.</summary>
    public void ForgetTurns()
    {
        servedTo = 0;
        places.RemoveAll(place => place.Lanes.Count == 0);
        places.ForEach(place => place.Serve(0, 0, 0));
    }

    /// <summary>
    /// A lane's time among those of its queue here. At a shared limit what it lagged behind it has not saved up, and it leads by no more than its last charge: the times of other lines, which run
    /// slower or faster, neither let it overtake nor starve it here. At the limit of one key it is the only lane of its queue, and keeps its time.
    /// </summary>
    protected override double TimeHere(Lane lane) =>
        Limit.IsPerKey ? lane.VirtualTime : TimeAt(lane, Find(lane.Queue)?.LanesServedTo ?? 0);

    protected override void Add(Lane lane) => FindOrAdd(lane.Queue).Lanes.Add(lane);

    protected override void Remove(Lane lane)
    {
        var place = Find(lane.Queue)!;
        place.Lanes.Remove(lane);
        if (place.Lanes.Count == 0 && !RemembersTurns)
            places.Remove(place);
    }

    private QueuePlace? First(Func<QueueLanes, bool> mayStart)
    {
        QueuePlace? first = null;
        foreach (var place in places)
        {
            if (place.Lanes.Count > 0 && (first is null || Order(place).CompareTo(Order(first)) < 0) && mayStart(place.Queue))
                first = place;
        }

        return first;
    }

    private (double Turn, double Behind, int Number) Order(QueueLanes queue) => Find(queue) is { } place ? Order(place) : (servedTo, 0, int.MaxValue);

    private (double Turn, double Behind, int Number) Order(QueuePlace place) => (TurnOf(place), place.Turn, place.Number);

    private double TurnOf(QueuePlace place) => Math.Max(place.Turn, servedTo);

    private QueuePlace? Find(QueueLanes queue)
    {
        foreach (var place in places)
        {
            if (place.Queue == queue)
                return place;
        }

        return null;
    }

    private QueuePlace FindOrAdd(QueueLanes queue)
    {
        if (Find(queue) is not { } place)
            places.Add(place = new QueuePlace(queue, ++lastNumber));
        return place;
    }
}
