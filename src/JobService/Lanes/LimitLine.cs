using JobService.Limits;

namespace JobService.Lanes;

/// <summary>One state of a limit and the lanes that wait for it, each queue's by themselves: one that may not start anything holds up no other.</summary>
internal sealed class LimitLine(NamedLimit limit, string key, LimitState state) : Line
{
    private readonly List<(QueueLanes Queue, LaneSet Lanes)> queues = new(1);

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

    public bool IsEmpty => queues.TrueForAll(queue => queue.Lanes.Count == 0);

    public IEnumerable<Lane> Lanes => queues.SelectMany(queue => queue.Lanes);

    /// <summary>The first lane of those queues that may start something. At the limit of one key, where each queue has one lane, who came first.</summary>
    public Lane? Head(Func<QueueLanes, bool> mayStart)
    {
        Lane? head = null;
        foreach (var (queue, lanes) in queues)
        {
            if (lanes.First is not { } first || (head is not null && (Limit.IsPerKey || Lane.Compare(first, head) > 0)) || !mayStart(queue))
                continue;
            head = first;
        }

        return head;
    }

    /// <summary>True when some lane of this line, of a queue that may start something, goes before the given one.</summary>
    public bool HasBefore(Lane lane, Func<QueueLanes, bool> mayStart) =>
        !IsEmpty && Head(mayStart) is { } head && head != lane
        && (Limit.IsPerKey || (head.VirtualTime, head.Number).CompareTo((TimeHere(lane), lane.Number)) < 0);

    /// <summary>The clocks of different queues do not compare: at the limit of one key they take turns, and a lane keeps its time.</summary>
    protected override double TimeHere(Lane lane) => Limit.IsPerKey ? lane.VirtualTime : base.TimeHere(lane);

    protected override void Add(Lane lane)
    {
        var at = queues.FindIndex(queue => queue.Queue == lane.Queue);
        if (at < 0)
        {
            queues.Add((lane.Queue, new LaneSet()));
            at = queues.Count - 1;
        }

        queues[at].Lanes.Add(lane);
    }

    protected override void Remove(Lane lane)
    {
        var at = queues.FindIndex(queue => queue.Queue == lane.Queue);
        queues[at].Lanes.Remove(lane);
        if (queues[at].Lanes.Count == 0)
            queues.RemoveAt(at);
    }
}
