using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Why a job waits and until when, as far as it can be known.</summary>
public sealed partial class LanePlanner
{
    /// <summary>Lanes that are counted when it is asked who goes before a job; beyond them the answer says too early a moment rather than none.</summary>
    private const int MaxCountedLanes = 1_000;

    /// <summary>Why a job waits that stands in its lane.</summary>
    /// <param name="queueName">Its queue.</param>
    /// <param name="key">Its key.</param>
    /// <param name="weight">Its weight.</param>
    /// <param name="weights">Its weights by name.</param>
    /// <param name="ahead">The jobs of its lane that go before it; null when that is not known.</param>
    /// <param name="now">The moment.</param>
    public LaneStand Explain(string queueName, string key, int weight, IReadOnlyDictionary<string, int>? weights, JobsAhead? ahead, long now)
    {
        var queue = queues[queueName];
        if (queue.Paused)
            return new LaneStand(WaitReason.Paused, null, null);
        if (queue.HeldUntil > now)
            return new LaneStand(WaitReason.Limit, null, queue.HeldUntil);
        if (queue.Find(key) is not { } lane)
            return new LaneStand(WaitReason.Turn, null, null);
        if (pausedLanes.Contains(lane) && lane.BackedOffUntil > lane.PausedUntil)
            return new LaneStand(WaitReason.Turn, null, lane.BackedOffUntil);
        if (pausedLanes.Contains(lane))
            return new LaneStand(WaitReason.Limit, null, lane.PausedUntil);

        if (FindLast(lane, weight, weights, ahead, now) is var (line, at))
        {
            var reason = line.State.HandsOutSlots || at < LimitState.Never ? WaitReason.Limit : WaitReason.Concurrency;
            return new LaneStand(reason, line.Limit.Name, at < LimitState.Never && ahead is not null ? at : null);
        }

        return new LaneStand(starved.Contains(queue) ? WaitReason.Concurrency : WaitReason.Turn, null, null);
    }

    /// <summary>Jobs that wait at one state of a limit: those of the lanes in its line, and of the ready lanes behind them.</summary>
    internal long WaitingAt(LimitLine line)
    {
        var waiting = line.Lanes.Sum(lane => (long)lane.Jobs);
        if (line.IsEmpty || line.Limit.IsPerKey)
            return waiting;
        return waiting + queues.Values.Where(queue => queue.Limits.Contains(line.Limit)).SelectMany(queue => queue.Ready.Lanes).Sum(lane => (long)lane.Jobs);
    }

    /// <summary>The limit that allows a job of the lane last, and when; null when all would allow it now.</summary>
    private static (LimitLine Line, long At)? FindLast(Lane lane, int weight, IReadOnlyDictionary<string, int>? weights, JobsAhead? ahead, long now)
    {
        (LimitLine Line, long At)? last = null;
        foreach (var limit in lane.Queue.Limits)
        {
            if (limit.Find(lane.Key) is not { } line)
                continue;
            var before = ahead?.WeightAt(limit.Definition) ?? 0;
            if (!limit.IsPerKey && ahead is not null)
                before += WeightBefore(line, lane, ahead.Weight);
            var at = line.State.EarliestAfter(now, before, limit.WeightOf(weight, weights));
            if (at > now && (last is null || at > last.Value.At))
                last = (line, at);
        }

        return last;
    }

    /// <summary>What lanes that stand in the line will take of its limit before the lane comes to a job with so much weight before it, in virtual time.</summary>
    private static long WeightBefore(LimitLine line, Lane lane, long ahead)
    {
        var turn = lane.VirtualTime + (ahead / lane.Share);
        var before = 0.0;
        foreach (var other in line.Lanes.Where(other => other != lane).Take(MaxCountedLanes))
        {
            var lead = turn - other.VirtualTime;
            var goesFirst = other.Number < lane.Number;
            if (lead < 0 || (lead == 0 && !goesFirst))
                continue;
            // One job at once, and one more for each whole charge that it lags behind.
            var jobs = Math.Floor(lead * other.Share / other.HeadWeight) + (goesFirst || lead * other.Share % other.HeadWeight > 0 ? 1 : 0);
            before += Math.Min(jobs, other.Jobs) * other.HeadWeightAt(line.Limit);
        }

        return (long)Math.Min(before, long.MaxValue / 4);
    }
}
