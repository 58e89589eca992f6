using JobService.Jobs;

namespace JobService.Events;

/// <summary>The events that a stream covers: all, or those of a queue, of a batch, or of a job.</summary>
internal readonly record struct EventScope
{
    public static readonly EventScope All;

    public string? Queue { get; private init; }

    public JobId Batch { get; private init; }

    public JobId Job { get; private init; }

    public static EventScope OfQueue(string queue) => new() { Queue = queue };

    public static EventScope OfBatch(JobId batch) => new() { Batch = batch };

    public static EventScope OfJob(JobId job) => new() { Job = job };

    /// <summary>Streams of one job end with it and begin with its state: a reconnecting client needs no missed events.</summary>
    public bool IsOfJob => Job != default;
}
