using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Explains why a job waits and until when, as far as that is known.</summary>
public sealed partial class LanePlanner
{
    /// <summary>Lanes that are counted to find out which jobs go before one; beyond them the result is too early rather than missing.</summary>
    private const int MaxCountedLanes = 1_000;

    /// <summary>Why a job in its lane waits.</summary>
    /// <param name="queueName">Its queue.</param>
    /// <param name="key">Its key.</param>
    /// <param name="weight">Its weight.</param>
    /// <param name="weights">Its weights by name.</param>
    /// <param name="ahead">The jobs of its lane that go before it; null when that is not known.</param>
    /// <param name="now">The moment.</param>
    public LaneExplanation Explain(string queueName, string key, int weight, IReadOnlyDictionary<string, int>? weights, JobsAhead? ahead, long now)
    {
        var queue = queues[queueName];
        if (queue.Paused)
            return new LaneExplanation(WaitReason.Paused, null, null);
        if (queue.HeldUntil > now)
            return new LaneExplanation(WaitReason.Limit, null, queue.HeldUntil);
        if (queue.Find(key) is not { } lane)
            return new LaneExplanation(WaitReason.Turn, null, null);
        if (lane.Learned is { } learned && learned.EarliestAfter(now, lane.UnderWay, ahead?.Jobs ?? 0) is var paced && paced > Math.Max(now, lane.BackedOffUntil))
            return new LaneExplanation(WaitReason.Limit, null, paced);
        if (lane.BackedOffUntil > now)
            return new LaneExplanation(WaitReason.Turn, null, lane.BackedOffUntil);

        if (FindLast(lane, weight, weights, ahead, now) is var (waitQueue, at))
        {
            var reason = waitQueue.State.HandsOutSlots || at < LimitState.Never ? WaitReason.Limit : WaitReason.Concurrency;
            return new LaneExplanation(reason, waitQueue.Limit.Name, at < LimitState.Never && ahead is not null ? at : null);
        }

        return new LaneExplanation(starved.Contains(queue) ? WaitReason.Concurrency : WaitReason.Turn, null, null);
    }

    /// <summary>Jobs that wait for one state of a limit: those of the lanes in its wait queue, and of the ready lanes after them.</summary>
    internal long WaitingAt(LimitWaitQueue waitQueue)
    {
        var waiting = waitQueue.Lanes.Sum(lane => (long)lane.Jobs);
        if (waitQueue.IsEmpty || waitQueue.Limit.IsPerKey)
            return waiting;
        return waiting + queues.Values.Where(queue => queue.Limits.Contains(waitQueue.Limit)).SelectMany(queue => queue.Ready.Lanes).Sum(lane => (long)lane.Jobs);
    }

    /// <summary>The limit that allows a job of the lane last, and when; null when all would allow it now.</summary>
    private static (LimitWaitQueue WaitQueue, long At)? FindLast(Lane lane, int weight, IReadOnlyDictionary<string, int>? weights, JobsAhead? ahead, long now)
    {
        (LimitWaitQueue WaitQueue, long At)? last = null, full = null;
        foreach (var limit in lane.Queue.Limits)
        {
            if (limit.Find(lane.Key) is not { } waitQueue)
                continue;
            var before = ahead?.WeightAt(limit.Definition) ?? 0;
            if (!limit.IsPerKey && ahead is not null)
                before = WeightBefore(waitQueue, lane, ahead);
            var takes = limit.WeightOf(weight, weights);
            var at = waitQueue.State.EarliestAfter(now, before, takes);
            // A concurrency limit that could take this job now would be filled by jobs ahead of it. The limit that those wait for, if any, is the better explanation.
            if (!waitQueue.State.HandsOutSlots && at > now && waitQueue.State.EarliestAfter(now, 0, takes) <= now)
                full ??= (waitQueue, at);
            else if (at > now && (last is null || at > last.Value.At))
                last = (waitQueue, at);
        }

        return last ?? full;
    }

    /// <summary>What will be taken of a shared limit before a job of the lane: by the jobs ahead of it, by other lanes of its queue, and by other queues.</summary>
    private static long WeightBefore(LimitWaitQueue waitQueue, Lane lane, JobsAhead ahead)
    {
        var turn = lane.VirtualTime + (ahead.Weight / lane.Share);
        double before = ahead.WeightAt(waitQueue.Limit.Definition);
        var limit = Array.IndexOf(lane.Queue.Limits, waitQueue.Limit);
        foreach (var other in waitQueue.Places.FirstOrDefault(place => place.Queue == lane.Queue)?.Lanes.Beginning(MaxCountedLanes) ?? [])
        {
            if (other.VirtualTime > turn)
                break;
            if (other == lane)
                continue;
            before += JobsBefore(turn - other.VirtualTime, other.HeadWeight / other.Share, other.Number < lane.Number, other.Jobs) * other.HeadWeightAt(limit);
        }

        turn = waitQueue.TurnOf(lane.Queue) + (before / lane.Queue.Share);
        foreach (var place in waitQueue.Places.Where(place => place.Queue != lane.Queue && place.Lanes.Count > 0))
        {
            var weight = place.Lanes.First!.HeadWeightAt(waitQueue.Limit);
            before += JobsBefore(turn - waitQueue.TurnOf(place.Queue), weight / place.Queue.Share, goesFirst: true, place.Lanes.Beginning(MaxCountedLanes).Sum(other => (long)other.Jobs)) * weight;
        }

        return (long)Math.Min(before, long.MaxValue / 4);
    }

    /// <summary>Jobs of another lane or queue that go first: one at once, and one more for each full charge that it lags behind.</summary>
    /// <param name="lead">How far, in virtual time, it lags behind.</param>
    /// <param name="charge">What one of its jobs adds to its time.</param>
    /// <param name="goesFirst">Whether it is first when both have the same time.</param>
    /// <param name="jobs">It has no more than these.</param>
    private static double JobsBefore(double lead, double charge, bool goesFirst, long jobs)
    {
        if (lead < 0 || (lead == 0 && !goesFirst))
            return 0;
        return Math.Min(goesFirst ? Math.Floor(lead / charge) + 1 : Math.Ceiling(lead / charge), jobs);
    }
}
