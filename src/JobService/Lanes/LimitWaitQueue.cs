using JobService.Limits;

namespace JobService.Lanes;

/// <summary>One state of a limit and its wait queue, with the lanes grouped by queue: a queue that may not start anything does not block the others.</summary>
/// <remarks>
/// Two levels: among the queues, the turn depends on what each has had of this limit, in what the limit counts, ÷ its share, regardless of its number of keys; among the lanes of
/// a queue, on their virtual times. Start-time fair queueing on both.
/// </remarks>
internal sealed class LimitWaitQueue(NamedLimit limit, string key, LimitState state) : LaneWaitQueue
{
    private readonly List<QueuePlace> places = new(1);
    private double servedTo;
    private int lastNumber;

    public NamedLimit Limit { get; } = limit;

    /// <summary>The job key whose state this is; empty for a shared limit.</summary>
    public string Key { get; } = key;

    public LimitState State { get; set; } = state;

    /// <summary>The lane that was made ready, if this is the state of one key: among the keys, their queue decides whose turn it is.</summary>
    public Lane? Called { get; set; }

    /// <summary>When the head may start, as of the last check: other entries in the heap of moments are out of date.</summary>
    public long WakeAt { get; set; } = LimitState.Never;

    /// <summary>A time is scheduled at which to check whether the state can be forgotten.</summary>
    public bool IsResting { get; set; }

    /// <summary>The store has a row for this state.</summary>
    public bool IsStored { get; set; }

    public bool IsEmpty => places.TrueForAll(place => place.Lanes.Count == 0);

    public IEnumerable<Lane> Lanes => places.SelectMany(place => place.Lanes);

    public IReadOnlyList<QueuePlace> Places => places;

    /// <summary>The lanes of one queue, in their order.</summary>
    public IEnumerable<Lane> LanesOf(QueueLanes queue) => Find(queue)?.Lanes ?? Enumerable.Empty<Lane>();

    /// <summary>A limit of one key that is used by one queue has nothing to remember: there may be a hundred thousand of these.</summary>
    private bool RemembersTurns => !Limit.IsPerKey || Limit.IsNamedBySeveral;

    /// <summary>The first lane of the queue whose turn it is, among queues that may start something.</summary>
    public Lane? Head(Func<QueueLanes, bool> mayStart) => First(mayStart)?.Lanes.First;

    /// <summary>True when some lane of this wait queue, of a queue that may start something, goes before the given one.</summary>
    public bool HasBefore(Lane lane, Func<QueueLanes, bool> mayStart)
    {
        if (IsEmpty || First(mayStart) is not { } first || first.Lanes.First is not { } head || head == lane)
            return false;
        if (first.Queue == lane.Queue)
            return (head.VirtualTime, head.Number).CompareTo((TimeHere(lane), lane.Number)) < 0;
        return GoesBefore(first.Queue, lane.Queue);
    }

    /// <summary>Whether one queue's turn comes before another's, if both have a lane that may start.</summary>
    public bool GoesBefore(QueueLanes queue, QueueLanes other) => Order(queue).CompareTo(Order(other)) < 0;

    /// <summary>The virtual time at which it is the queue's turn. It saves up no credit while it cannot start anything.</summary>
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

    /// <summary>The queue no longer uses the limit; none of its lanes waits here.</summary>
    public void Forget(QueueLanes queue) => places.RemoveAll(place => place.Queue == queue);

    /// <summary>The limit counts something else: what queues have had of it is not comparable with what they will take.</summary>
    public void ForgetTurns()
    {
        servedTo = 0;
        places.RemoveAll(place => place.Lanes.Count == 0);
        places.ForEach(place => place.Serve(0, 0, 0));
    }

    /// <summary>
    /// A lane's time among those of its queue here. At a shared limit it saves up no credit, and it leads by at most its last charge: the times of other wait queues, which run
    /// slower or faster, neither let it overtake nor let it starve here. At the limit of one key it is the only lane of its queue, and keeps its time.
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
