using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Decides which jobs may start, and when: fair between lanes, all limits at once, nobody overtaken at a limit.</summary>
/// <remarks>
/// Start-time fair queueing (Goyal, Vin, Cheng 1996): a claim moves its lane's virtual time by weight ÷ share; an idle lane returns at the current
/// virtual time. Owned by one thread; no clock, no storage, no chance inside. A round costs what has changed since the last one, not what waits.
/// </remarks>
public sealed partial class LanePlanner
{
    /// <summary>Idle lanes of one queue that are remembered for the sake of what they owe; the one that owes least is forgotten first.</summary>
    public const int MaxIdleLanes = 10_000;

    private readonly Dictionary<string, QueueLanes> queues = [];
    private readonly Dictionary<string, NamedLimit> limits = [];
    private readonly SortedSet<Lane> parkedLanes = new(Comparer<Lane>.Create(ByMoment));
    private readonly HashSet<QueueLanes> heldQueues = [];

    /// <summary>Queues with ready lanes that the next round looks at.</summary>
    private readonly HashSet<QueueLanes> active = [];

    /// <summary>Queues that could start more if they had permits.</summary>
    private readonly HashSet<QueueLanes> starved = [];

    /// <summary>Lines whose state or head has changed: asked again in the next round.</summary>
    private readonly HashSet<LimitLine> changed = [];

    private readonly WakeTimes slotTimes = new();
    private readonly WakeTimes plainTimes = new();
    private readonly PriorityQueue<LimitLine, long> resting = new();
    private readonly PriorityQueue<Lane, long> remembered = new();
    private long lastLaneNumber;

    /// <summary>When a round is worth while even if nothing else happens; <see cref="LimitState.Never"/> when only an event can change anything.</summary>
    public long NextWake { get; private set; } = LimitState.Never;

    /// <summary>Jobs of this lane may go, as far as their own times are concerned.</summary>
    public void Arrive(string queueName, string key, int count = 1)
    {
        var lane = queues[queueName].FindOrOpen(key, ref lastLaneNumber);
        lane.Jobs += count;
        Rejoin(lane);
    }

    /// <summary>A job of this lane has left without having run: if it was the head, a lighter one may stand there now.</summary>
    public void HeadLeft(string queueName, string key)
    {
        if (queues[queueName].Find(key) is not { } lane)
            return;
        lane.Jobs = Math.Max(0, lane.Jobs - 1);
        AskAgainIfHeavy(lane);
    }

    /// <summary>What the limits were asked before does not hold any more for lanes with a heavy head: a lighter job is not to wait for the heavy one's moment.</summary>
    private void AskAgainIfHeavy(Lane lane)
    {
        if (lane is { StandsIn: LimitLine, IsHeadHeavy: true })
            MoveToReady(lane);
    }

    private void Rejoin(Lane lane)
    {
        if (lane.StandsIn is not null || parkedLanes.Contains(lane))
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
        if (lane.StandsIn is LimitLine line)
            changed.Add(line);
        lane.StandsIn?.Leave(lane);
        Uncall(lane);
    }

    private void Uncall(Lane lane)
    {
        if (lane.CalledBy is not { } line)
            return;
        line.Called = null;
        lane.CalledBy = null;
        changed.Add(line);
    }

    /// <summary>The state changed from outside: its line is asked again in the next round, and when it rests it can be forgotten.</summary>
    private void Reconsider(LimitLine line)
    {
        LetRest(line);
        if (line.IsEmpty)
            return;
        changed.Add(line);
        NextWake = 0;
    }

    private static int ByMoment(Lane left, Lane right)
    {
        var byTime = left.RestsUntil.CompareTo(right.RestsUntil);
        return byTime != 0 ? byTime : left.Number.CompareTo(right.Number);
    }
}
