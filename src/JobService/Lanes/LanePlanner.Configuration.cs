using JobService.Jobs;
using JobService.Limits;

namespace JobService.Lanes;

/// <summary>Queues and limits come, change and go while lanes wait.</summary>
public sealed partial class LanePlanner
{
    public void PutLimit(string name, LimitDefinition definition, long now)
    {
        if (!limits.TryGetValue(name, out var line))
        {
            limits.Add(name, new LimitLine(name, LimitState.For(definition)));
            return;
        }

        line.Configure(definition, now);
        foreach (var queue in queues.Values.Where(queue => queue.Limits.Contains(line)))
        {
            queue.RefreshStates();
            AskAllAgain(queue);
        }
    }

    public void RemoveLimit(string name) => limits.Remove(name);

    public void PutQueue(string name, QueueDefinition definition, bool paused)
    {
        if (!queues.TryGetValue(name, out var queue))
            queues.Add(name, queue = new QueueLanes(name));

        queue.Configure(definition, limit => limits[limit]);
        queue.Paused = paused;
        AskAllAgain(queue);
    }

    public void RemoveQueue(string name)
    {
        if (!queues.Remove(name, out var queue))
            return;
        foreach (var lane in queue.Lanes)
        {
            lane.StandsIn?.Leave(lane);
            pausedLanes.Remove(lane);
        }
    }

    public LimitState Limit(string name) => limits[name].State;

    /// <summary>Lanes that stand in the limit's line.</summary>
    public int WaitingAt(string limit) => limits[limit].Count;

    /// <summary>Lanes of a queue that are remembered.</summary>
    public int LaneCount(string queue) => queues[queue].Lanes.Count;
}
