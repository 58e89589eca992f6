namespace JobService.Lanes;

/// <summary>Lanes that wait for the same thing, in the order of their virtual times.</summary>
internal class Line
{
    private readonly SortedSet<Lane> lanes = new(ByVirtualTime);

    /// <summary>Virtual time of the lane served last.</summary>
    public double VirtualNow { get; private set; }

    public int Count => lanes.Count;

    public Lane? Head => lanes.Min;

    public void Join(Lane lane)
    {
        // A lane keeps its lead over this line only up to its last charge: leads from other lines, whose time runs faster, do not starve it here.
        lane.VirtualTime = Math.Min(lane.VirtualTime, VirtualNow + lane.LastCharge);
        lane.StandsIn = this;
        lanes.Add(lane);
    }

    public void Leave(Lane lane)
    {
        lanes.Remove(lane);
        lane.StandsIn = null;
    }

    public Lane[] LeaveAll()
    {
        var all = lanes.ToArray();
        lanes.Clear();
        foreach (var lane in all)
            lane.StandsIn = null;
        return all;
    }

    /// <summary>True when some lane of this line goes before the given one.</summary>
    public bool HasBefore(Lane lane) => lanes.Min is { } head && head != lane && Compare(head, lane) < 0;

    public void Serve(double virtualTime) => VirtualNow = Math.Max(VirtualNow, virtualTime);

    private static readonly Comparer<Lane> ByVirtualTime = Comparer<Lane>.Create(Compare);

    private static int Compare(Lane left, Lane right)
    {
        var byTime = left.VirtualTime.CompareTo(right.VirtualTime);
        return byTime != 0 ? byTime : left.Number.CompareTo(right.Number);
    }
}
