using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Decides which jobs may start, and when: fair between lanes, all limits at once, without overtaking at a limit.</summary>
/// <remarks>
/// Start-time fair queueing (Goyal, Vin, Cheng 1996): a claim moves its lane's virtual time by weight ÷ share; an idle lane returns at the current
/// virtual time. Owned by one thread; no clock, no storage, no randomness inside. The cost of a round depends on what has changed since the last one, not on what waits.
/// </remarks>
public sealed partial class LanePlanner
{
    /// <summary>Idle lanes of one queue that are remembered because of their debt; the one with the smallest debt is forgotten first.</summary>
    public const int MaxIdleLanes = 10_000;

    private readonly Dictionary<string, QueueLanes> queues = [];
    private readonly Dictionary<string, NamedLimit> limits = [];
    private readonly SortedSet<Lane> parkedLanes = new(Comparer<Lane>.Create(ByMoment));
    private readonly HashSet<QueueLanes> heldQueues = [];

    /// <summary>Queues with ready lanes that the next round checks.</summary>
    private readonly HashSet<QueueLanes> active = [];

    /// <summary>Queues that could start more if they had permits.</summary>
    private readonly HashSet<QueueLanes> starved = [];

    /// <summary>Wait queues whose state or head has changed: checked again in the next round.</summary>
    private readonly HashSet<LimitWaitQueue> changed = [];

    private readonly WakeTimes slotTimes = new();
    private readonly WakeTimes plainTimes = new();
    private readonly PriorityQueue<LimitWaitQueue, long> resting = new();
    private readonly PriorityQueue<Lane, long> remembered = new();
    private long lastLaneNumber;

    /// <summary>When the next round is due if nothing else happens; <see cref="LimitState.Never"/> when only an event can change anything.</summary>
    public long NextWake { get; private set; } = LimitState.Never;

    /// <summary>This lane has jobs that may start, as far as their own times are concerned.</summary>
    /// <returns>True when no other job was in it. False when there may have been one.</returns>
    public bool Arrive(string queueName, string key, int count = 1)
    {
        var lane = queues[queueName].FindOrOpen(key, ref lastLaneNumber);
        var wasEmpty = lane.IsIdle;
        lane.Enter(count);
        Rejoin(lane);
        return wasEmpty;
    }

    /// <summary>Jobs of this lane may start that waited before the planner was made.</summary>
    /// <param name="queueName">Its queue.</param>
    /// <param name="key">Its key.</param>
    /// <param name="jobs">Their number, as far as it is known.</param>
    /// <param name="isCounted">False: there may be more, which are <see cref="Count">counted</see> later.</param>
    public void Restore(string queueName, string key, int jobs, bool isCounted)
    {
        var lane = queues[queueName].FindOrOpen(key, ref lastLaneNumber);
        lane.Enter(jobs);
        lane.IsCounted = isCounted;
        Rejoin(lane);
    }

    /// <summary>More jobs waited in the lane than it was restored with. Without effect if the lane has been empty since.</summary>
    public void Count(string queueName, string key, int more)
    {
        if (!queues.TryGetValue(queueName, out var queue) || queue.Find(key) is not { IsCounted: false } lane)
            return;
        lane.Enter(more);
        lane.IsCounted = true;
    }

    /// <summary>A job of this lane has left without having run: if it was the first, a lighter one may be first now.</summary>
    public void HeadLeft(string queueName, string key)
    {
        if (queues[queueName].Find(key) is not { } lane)
            return;
        lane.Leave();
        AskAgainIfHeavy(lane);
    }

    /// <summary>Earlier results of the limits are no longer valid for lanes whose first job was heavy: a lighter job must not wait for the heavy one's moment.</summary>
    private void AskAgainIfHeavy(Lane lane)
    {
        if (lane is { WaitsIn: LimitWaitQueue, IsHeadHeavy: true })
            MoveToReady(lane);
    }

    private void Rejoin(Lane lane)
    {
        if (!lane.IsIdle)
        {
            AskAgainIfHeavy(lane);
            return;
        }

        JoinReady(lane);
    }

    private void MoveToReady(Lane lane)
    {
        Leave(lane);
        JoinReady(lane);
    }

    private void JoinReady(Lane lane)
    {
        lane.Queue.Ready.Join(lane);
        active.Add(lane.Queue);
    }

    private void Leave(Lane lane)
    {
        if (lane.WaitsIn is LimitWaitQueue waitQueue)
            changed.Add(waitQueue);
        lane.WaitsIn?.Leave(lane);
        Uncall(lane);
    }

    private void Uncall(Lane lane)
    {
        if (lane.CalledBy is not { } waitQueue)
            return;
        waitQueue.Called = null;
        lane.CalledBy = null;
        changed.Add(waitQueue);
    }

    /// <summary>The state was changed from outside: its wait queue is checked again in the next round, and when it is idle it can be forgotten.</summary>
    private void Reconsider(LimitWaitQueue waitQueue)
    {
        LetRest(waitQueue);
        if (waitQueue.IsEmpty)
            return;
        changed.Add(waitQueue);
        NextWake = 0;
    }

    private static int ByMoment(Lane left, Lane right)
    {
        var byTime = left.RestsUntil.CompareTo(right.RestsUntil);
        return byTime != 0 ? byTime : left.Number.CompareTo(right.Number);
    }
}
