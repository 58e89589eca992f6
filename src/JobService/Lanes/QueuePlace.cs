namespace JobService.Lanes;

/// <summary>A queue's place in the line of a limit: those of its lanes that wait there, and how much of the limit it has had.</summary>
internal sealed class QueuePlace(QueueLanes queue, int number)
{
    private double lastStart;
    private int lastWeight;

    public QueueLanes Queue { get; } = queue;

    /// <summary>Breaks ties: the queue that came first goes first.</summary>
    public int Number { get; } = number;

    public LaneSet Lanes { get; } = new();

    /// <summary>Virtual time, on the clock of the queue, of the lane served last.</summary>
    public double LanesServedTo { get; private set; }

    /// <summary>What the queue has taken of the limit ÷ its share, on the clock of the line. The last charge counts at the share of today: a small one that was raised owes nothing for long.</summary>
    public double Turn => lastStart + (lastWeight / Queue.Share);

    public void Serve(double start, int weight, double laneTime)
    {
        (lastStart, lastWeight) = (start, weight);
        LanesServedTo = Math.Max(LanesServedTo, laneTime);
    }
}
