namespace JobService.Lanes;

/// <summary>All jobs of one (queue, key). It stands in exactly one line, is paused, or is idle.</summary>
internal sealed class Lane(QueueLanes queue, string key, long number)
{
    public QueueLanes Queue { get; } = queue;

    public string Key { get; } = key;

    /// <summary>Breaks ties: the lane that came first goes first.</summary>
    public long Number { get; } = number;

    /// <summary>Weight served so far ÷ share, on the clock of the queue.</summary>
    public double VirtualTime { get; set; }

    /// <summary>What the last claim added to <see cref="VirtualTime"/>.</summary>
    public double LastCharge { get; set; }

    public Line? StandsIn { get; set; }

    /// <summary>Weight of the job at the head when it was last looked at.</summary>
    public int HeadWeight { get; set; } = 1;

    /// <summary>The API said "not before" for this key. In ticks of store time.</summary>
    public long PausedUntil { get; set; }
}
