namespace JobService.Lanes;

/// <summary>A queue's entry in the wait queue of a limit: its lanes that wait there, and how much of the limit it has had.</summary>
internal sealed class QueuePlace(QueueLanes queue, int number)
{
    private double lastStart;
    private int lastWeight;

    public QueueLanes Queue { get; } = queue;

    /// <summary>Breaks ties: the queue that came first goes first.</summary>
    public int Number { get; } = number;

    public LaneSet Lanes { get; } = new();

    /// <summary>Virtual time of the lane served last, in the queue's clock.</summary>
    public double LanesServedTo { get; private set; }

    /// <summary>What the queue has taken of the limit ÷ its share, in virtual time. The last charge counts at the current share: after a small share is raised, the debt is soon paid.</summary>
    public double Turn => lastStart + (lastWeight / Queue.Share);

    public void Serve(double start, int weight, double laneTime)
    {
        (lastStart, lastWeight) = (start, weight);
        LanesServedTo = Math.Max(LanesServedTo, laneTime);
    }
}
