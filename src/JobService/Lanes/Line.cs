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
        lane.VirtualTime = TimeHere(lane);
        lane.StandsIn = this;
        lanes.Add(lane);
    }

    public void Leave(Lane lane)
    {
        lanes.Remove(lane);
        lane.StandsIn = null;
    }

    /// <summary>True when some lane of this line goes before the given one.</summary>
    public bool HasBefore(Lane lane) => lanes.Min is { } head && head != lane
        && (head.VirtualTime, head.Number).CompareTo((TimeHere(lane), lane.Number)) < 0;

    public void Serve(double virtualTime) => VirtualNow = Math.Max(VirtualNow, virtualTime);

    /// <summary>
    /// A lane's time on the clock of this line. What it lagged behind it has not saved up, and it leads by no more than its last charge: the times of other
    /// lines, which run slower or faster, neither let it overtake nor starve it here.
    /// </summary>
    private double TimeHere(Lane lane) => Math.Clamp(lane.VirtualTime, VirtualNow, VirtualNow + lane.LastCharge);

    private static readonly Comparer<Lane> ByVirtualTime = Comparer<Lane>.Create(Compare);

    private static int Compare(Lane left, Lane right)
    {
        var byTime = left.VirtualTime.CompareTo(right.VirtualTime);
        return byTime != 0 ? byTime : left.Number.CompareTo(right.Number);
    }
}
