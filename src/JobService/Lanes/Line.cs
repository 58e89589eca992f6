namespace JobService.Lanes;

/// <summary>Lanes that wait for the same thing, in the order of their virtual times.</summary>
internal abstract class Line
{
    /// <summary>Virtual time of the lane served last.</summary>
    public double VirtualNow { get; private set; }

    public void Join(Lane lane)
    {
        lane.VirtualTime = TimeHere(lane);
        lane.StandsIn = this;
        Add(lane);
    }

    public void Leave(Lane lane)
    {
        Remove(lane);
        lane.StandsIn = null;
    }

    public void Serve(double virtualTime) => VirtualNow = Math.Max(VirtualNow, virtualTime);

    /// <summary>
    /// A lane's time on the clock of this line. What it lagged behind it has not saved up, and it leads by no more than its last charge: the times of other
    /// lines, which run slower or faster, neither let it overtake nor starve it here.
    /// </summary>
    protected virtual double TimeHere(Lane lane) => Math.Clamp(lane.VirtualTime, VirtualNow, VirtualNow + lane.LastCharge);

    protected abstract void Add(Lane lane);

    protected abstract void Remove(Lane lane);
}

/// <summary>Lanes of one queue that wait for nothing but its turn.</summary>
internal sealed class ReadyLine : Line
{
    private readonly LaneSet lanes = new();

    public Lane? Head => lanes.First;

    public IEnumerable<Lane> Lanes => lanes;

    protected override void Add(Lane lane) => lanes.Add(lane);

    protected override void Remove(Lane lane) => lanes.Remove(lane);
}
