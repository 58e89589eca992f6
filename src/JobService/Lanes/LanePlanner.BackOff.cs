namespace JobService.Lanes;

/// <summary>Back-off after claims that are returned without a call.</summary>
public sealed partial class LanePlanner
{
    /// <summary>A claim was returned without a call.</summary>
    /// <returns>How long its lane now waits each time, if that is worth logging.</returns>
    public TimeSpan? CameBackUnstarted(string queueName, string key, long claimedAt, long now)
    {
        var queue = queues[queueName];
        var lane = queue.FindOrOpen(key, ref lastLaneNumber);
        queue.StuckLanes += lane.Unstarted.Rounds == 0 ? 1 : 0;

        // With many keys, each one is claimed rarely; when no job of the queue starts, the queue itself backs off.
        queue.Unstarted = queue.Unstarted.After(claimedAt, now);
        if (lane.Queue.Lanes.Count > 1 && queue.Unstarted.Wait / 4 is var pause && pause > TimeSpan.Zero)
            HoldQueue(queue, hold: null, now + pause.Ticks);

        var before = lane.Unstarted;
        lane.Unstarted = before.After(claimedAt, now);
        if (lane.Unstarted == before || lane.Unstarted.Wait is var wait && wait == TimeSpan.Zero)
            return null;
        Park(lane, () => lane.BackedOffUntil = now + wait.Ticks);
        return lane.Unstarted.IsWorthTelling ? wait : null;
    }

    /// <summary>A call of the lane was made: the obstacle is gone.</summary>
    public void Started(string queueName, string key)
    {
        if (!queues.TryGetValue(queueName, out var queue))
            return;
        queue.Unstarted = default;
        if (queue.StuckLanes > 0 && queue.Find(key) is { } lane)
            EndBackOff(lane);
    }

    private void EndBackOff(Lane lane)
    {
        if (lane.Unstarted.Rounds == 0)
            return;
        lane.Queue.StuckLanes--;
        lane.Unstarted = default;
        if (lane.BackedOffUntil > 0)
            Unpark(lane, () => lane.BackedOffUntil = 0);
    }
}
