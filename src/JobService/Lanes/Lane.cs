using JobService.Limits;

namespace JobService.Lanes;

/// <summary>All jobs of one (queue, key). It is in exactly one wait queue, is paused, or is idle.</summary>
internal sealed class Lane(QueueLanes queue, string key, long number)
{
    private int[] headWeights = [];
    private int jobs;
    private RecentStarts starts;

    public QueueLanes Queue { get; } = queue;

    public string Key { get; } = key;

    /// <summary>Breaks ties: the lane that came first goes first.</summary>
    public long Number { get; } = number;

    /// <summary>The share of the key in the queue, relative to a key of share 1.</summary>
    public double Share { get; set; } = 1;

    /// <summary>Weight served so far ÷ share, on the clock of the queue.</summary>
    public double VirtualTime { get; set; }

    /// <summary>What the last claim added to <see cref="VirtualTime"/>.</summary>
    public double LastCharge { get; set; }

    public LaneWaitQueue? WaitsIn { get; set; }

    /// <summary>It waits for <see cref="RestsUntil"/>, in no wait queue.</summary>
    public bool IsParked { get; set; }

    /// <summary>No job that may start is in it: that is certain.</summary>
    public bool IsIdle => WaitsIn is null && !IsParked;

    /// <summary>The wait queue of its own <c>perKey</c> limit that has made it ready; the next lane is made ready when this one has been served.</summary>
    public LimitWaitQueue? CalledBy { get; set; }

    /// <summary>Weight of the first job when it was last read: what the lane is charged for it.</summary>
    public int HeadWeight { get; private set; } = 1;

    /// <summary>What the first job takes of each limit of the queue, in the order of <see cref="QueueLanes.Limits"/>. Empty before it was first read.</summary>
    public ReadOnlySpan<int> HeadWeights => headWeights;

    /// <summary>Whether a lighter first job might start earlier.</summary>
    public bool IsHeadHeavy => HeadWeights.ContainsAnyExceptInRange(0, 1);

    /// <summary>Jobs that may start. For explanations only: the rows decide whether there is one.</summary>
    public int Jobs => IsCounted ? Math.Max(0, jobs) : Math.Max(1, jobs);

    /// <summary>False until the jobs that waited when the planner was made are counted: until then there are at least <see cref="Jobs"/>.</summary>
    public bool IsCounted { get; set; } = true;

    /// <summary>Until when it is parked, because of what was learned. In ticks of store time.</summary>
    public long ParkedUntil { get; set; }

    /// <summary>Consecutive claims that were returned without a call.</summary>
    public UnstartedClaims Unstarted { get; set; }

    /// <summary>It is not claimed before this, because claims were returned without a call. In ticks of store time.</summary>
    public long BackedOffUntil { get; set; }

    /// <summary>None of its jobs starts before this moment, whatever its limits allow.</summary>
    public long RestsUntil => Math.Max(ParkedUntil, BackedOffUntil);

    /// <summary>What it has learned from responses, if it has no limits; null while it has learned nothing.</summary>
    public LanePace? Learned { get; set; }

    /// <summary>A time is scheduled at which to check whether what was learned can be forgotten.</summary>
    public bool IsRemembered { get; set; }

    /// <summary>Calls that were claimed and have not ended.</summary>
    public int UnderWay { get; private set; }

    public void Enter(int count) => jobs += count;

    public void Leave() => jobs--;

    /// <summary>The last one has left.</summary>
    public void Empty()
    {
        jobs = 0;
        IsCounted = true;
    }

    /// <summary>Reads the first job.</summary>
    /// <remarks>A job accepted before a limit was reduced takes all of the limit, rather than blocking the wait queue for ever.</remarks>
    public void Weigh(LaneHead head)
    {
        var limits = Queue.Limits;
        if (headWeights.Length != limits.Length)
            headWeights = new int[limits.Length];
        for (var i = 0; i < limits.Length; i++)
            headWeights[i] = limits[i].WeightOf(head.Weight, limits[i].Definition.CountsByName ? head.Weights : null);
        HeadWeight = head.Weight;
    }

    /// <summary>The first job is read later: until then it counts as the lightest possible.</summary>
    public void ForgetHead()
    {
        Array.Fill(headWeights, 1);
        HeadWeight = 1;
    }

    /// <summary>What the first job takes of one of the queue's limits.</summary>
    public int HeadWeightAt(NamedLimit limit) => HeadWeightAt(Array.IndexOf(Queue.Limits, limit));

    /// <param name="limit">Its number among the limits of the queue.</param>
    public int HeadWeightAt(int limit) => (uint)limit < (uint)headWeights.Length ? headWeights[limit] : 1;

    /// <summary>A call is claimed.</summary>
    /// <returns>Its number, once something has been learned.</returns>
    public long BeginCall(long now)
    {
        UnderWay++;
        starts.Count(now);
        return Learned?.Start(now) ?? 0;
    }

    /// <summary>A call that was claimed before the planner was recreated continues.</summary>
    public void ResumeCall() => UnderWay++;

    public void EndCall() => UnderWay = Math.Max(0, UnderWay - 1);

    /// <summary>Calls that were claimed within the last second.</summary>
    public int RecentStarts(long now) => starts.Recent(now);

    /// <summary>Charges the lane for a job that it starts.</summary>
    public void Charge(int weight)
    {
        LastCharge = weight / Share;
        VirtualTime += LastCharge;
    }

    public static int Compare(Lane left, Lane right)
    {
        var byTime = left.VirtualTime.CompareTo(right.VirtualTime);
        return byTime != 0 ? byTime : left.Number.CompareTo(right.Number);
    }
}
