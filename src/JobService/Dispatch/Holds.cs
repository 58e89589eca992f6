using System.Collections.Concurrent;
using JobService.Storage;

namespace JobService.Dispatch;

/// <summary>"Not before" as this node has just heard it, in force before the store knows: jobs with a slot in hand do not start either.</summary>
public sealed class Holds(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Kind, string Name), long> until = new();

    public void Hold(ClaimedJob job, TimeSpan wait)
    {
        var end = time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
        foreach (var name in NamesOf(job))
            until.AddOrUpdate(name, end, (_, before) => Math.Max(before, end));
    }

    public bool Holding(ClaimedJob job)
    {
        if (until.IsEmpty)
            return false;

        var held = false;
        foreach (var name in NamesOf(job))
        {
            if (!until.TryGetValue(name, out var end))
                continue;
            if (end > time.GetTimestamp())
                held = true;
            else
                until.TryRemove(new KeyValuePair<(string, string), long>(name, end));
        }

        return held;
    }

    /// <summary>A 429 concerns the limits that the attempt took, or its (queue, key) when it took none.</summary>
    private static IEnumerable<(string Kind, string Name)> NamesOf(ClaimedJob job) =>
        job.Queue.Definition.Limits is { Count: > 0 } limits
            ? limits.Select(limit => ("limit", limit))
            : [($"queue {job.Queue.Name}", job.Key)];
}
