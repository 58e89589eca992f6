using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Creates, changes and deletes queues and limits while lanes wait.</summary>
public sealed partial class LanePlanner
{
    /// <returns>False when what was taken of the limit is no longer meaningful, because its kind or its scope has changed.</returns>
    public bool PutLimit(string name, LimitDefinition definition, long now)
    {
        if (!limits.TryGetValue(name, out var limit))
        {
            limits.Add(name, new NamedLimit(name, definition));
            return true;
        }

        var concerned = queues.Values.Where(queue => queue.Limits.Contains(limit)).ToList();
        concerned.ForEach(AskAllAgain);
        var rescoped = definition.Scope != limit.Definition.Scope;
        var keeps = limit.Configure(definition, now, turnNumber);
        if (rescoped)
            limit.ForgetAll();
        concerned.ForEach(queue => queue.RefreshLimits());
        NoteWhoShares();
        return keeps;
    }

    public void RemoveLimit(string name)
    {
        if (limits.Remove(name, out var limit))
            limit.Retire(turnNumber);
    }

    public void PutQueue(string name, QueueDefinition definition, bool paused)
    {
        if (!queues.TryGetValue(name, out var queue))
            queues.Add(name, queue = new QueueLanes(name));

        AskAllAgain(queue);
        var before = queue.Limits;
        queue.Configure(definition, limit => limits[limit]);
        foreach (var waitQueue in before.Except(queue.Limits).SelectMany(limit => limit.WaitQueues))
            waitQueue.Forget(queue);
        queue.Paused = paused;
        NoteWhoShares();
    }

    public void RemoveQueue(string name)
    {
        if (!queues.Remove(name, out var queue))
            return;
        foreach (var lane in queue.Lanes)
        {
            EndBackOff(lane);
            Leave(lane);
            parkedLanes.Remove(lane);
        }

        foreach (var waitQueue in queue.Limits.SelectMany(limit => limit.WaitQueues))
            waitQueue.Forget(queue);
        active.Remove(queue);
        starved.Remove(queue);
        heldQueues.Remove(queue);
        NoteWhoShares();
    }

    /// <summary>Records which queues use which limit. Claims may precede their permits only in queues whose limits are not shared and only hand out slots: otherwise others could have used what the job holds or spends before its call begins.</summary>
    private void NoteWhoShares()
    {
        var names = queues.Values.SelectMany(queue => queue.Limits, (queue, limit) => (queue, limit)).ToLookup(pair => pair.limit, pair => pair.queue);
        foreach (var limit in limits.Values)
            limit.Queues = [.. names[limit]];
        foreach (var queue in queues.Values)
            queue.MayClaimAhead = Array.TrueForAll(queue.Limits, limit => !limit.Definition.IsHeld && !limit.IsNamedBySeveral);
    }

    /// <summary>Earlier results of the limits are no longer valid.</summary>
    private void AskAllAgain(QueueLanes queue)
    {
        foreach (var lane in queue.Lanes)
        {
            EndBackOff(lane); // the change may have removed the obstacle
            if (lane.WaitsIn is LimitWaitQueue)
                MoveToReady(lane);
            else
                Uncall(lane);
        }

        starved.Remove(queue);
        active.Add(queue);
        NextWake = 0;
    }

    internal NamedLimit Named(string limit) => limits[limit];

    /// <summary>The states of a limit that are in use.</summary>
    internal IReadOnlyCollection<LimitWaitQueue> StatesOf(string limit) => limits[limit].WaitQueues;

    /// <summary>The state of a limit, for a job of this key; null when it equals a new one.</summary>
    internal LimitWaitQueue? FindState(string limit, string key) => limits[limit].Find(key);

    /// <summary>The state of a limit, for a job of this key.</summary>
    internal LimitWaitQueue StateOf(string limit, string key)
    {
        var waitQueue = limits[limit].WaitQueueOf(key);
        LetRest(waitQueue);
        return waitQueue;
    }

    /// <summary>Lanes of a queue that are remembered.</summary>
    public int LaneCount(string queue) => queues[queue].Lanes.Count;
}
