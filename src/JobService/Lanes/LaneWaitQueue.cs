namespace JobService.Lanes;

/// <summary>Lanes that wait for the same thing, in the order of their virtual times.</summary>
internal abstract class LaneWaitQueue
{
    public void Join(Lane lane)
    {
        lane.VirtualTime = TimeHere(lane);
        lane.WaitsIn = this;
        Add(lane);
    }

    public void Leave(Lane lane)
    {
        Remove(lane);
        lane.WaitsIn = null;
    }

    /// <summary>A lane's virtual time in this wait queue.</summary>
    protected abstract double TimeHere(Lane lane);

    /// <summary>The lane saves up no credit, and it leads by at most its last charge.</summary>
    protected static double TimeAt(Lane lane, double servedTo) => Math.Clamp(lane.VirtualTime, servedTo, servedTo + lane.LastCharge);

    protected abstract void Add(Lane lane);

    protected abstract void Remove(Lane lane);
}

/// <summary>Lanes of one queue that wait only for the queue's turn.</summary>
internal sealed class ReadyLanes : LaneWaitQueue
{
    private readonly LaneSet lanes = new();

    /// <summary>Virtual time of the lane served last.</summary>
    public double VirtualNow { get; private set; }

    public Lane? Head => lanes.First;

    public int Count => lanes.Count;

    public IEnumerable<Lane> Lanes => lanes;

    public void Serve(double virtualTime) => VirtualNow = Math.Max(VirtualNow, virtualTime);

    protected override double TimeHere(Lane lane) => TimeAt(lane, VirtualNow);

    protected override void Add(Lane lane) => lanes.Add(lane);

    protected override void Remove(Lane lane) => lanes.Remove(lane);
}
