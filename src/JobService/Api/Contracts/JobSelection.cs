using JobService.Api.Http;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api.Contracts;

/// <summary>Selects jobs: all conditions given must hold, and at least one is required.</summary>
public sealed class JobSelection
{
    /// <summary>Jobs of this queue.</summary>
    public string? Queue { get; set; }

    /// <summary>Jobs in this state.</summary>
    public JobState? State { get; set; }

    /// <summary>Jobs with this key; empty for jobs without a key.</summary>
    public string? Key { get; set; }

    /// <summary>Jobs with this tag, as <c>name:value</c>.</summary>
    public string? Tag { get; set; }

    /// <summary>Jobs of this batch.</summary>
    public Guid? Batch { get; set; }

    internal IEnumerable<Violation> Check()
    {
        if (Queue is null && State is null && Key is null && Tag is null && Batch is null)
            yield return new Violation("", "Give at least one of queue, state, key, tag and batch: an empty filter would select every job.");
        if (Queue is not null && !Names.IsName(Queue))
            yield return new Violation("/queue", $"A queue's name: {Names.Wanted}.");
        if (Key is not null && !Names.IsText(Key))
            yield return new Violation("/key", "At most 256 characters, none of them a control character.");
        if (Tag is not null && ListQuery.Tag(Tag) is null)
            yield return new Violation("/tag", $"A tag is {ListQuery.WantedTag}");
    }

    internal JobFilter ToFilter() => new() { Queue = Queue, State = State, Key = Key, Tag = Tag is null ? null : ListQuery.Tag(Tag), Batch = Batch is { } id ? new JobId(id) : null };
}

/// <summary>The result of cancelling many jobs.</summary>
/// <param name="Matched">Unfinished jobs that matched.</param>
/// <param name="Cancelled">Cancelled at once.</param>
/// <param name="Stopping">Running, and told to stop.</param>
public sealed record CancelledJobs(long Matched, long Cancelled, long Stopping);

/// <summary>The result of retrying many jobs.</summary>
/// <param name="Matched">Failed and cancelled jobs that matched.</param>
/// <param name="Requeued">Back in <c>queued</c>; less than matched when the queue is full.</param>
public sealed record RequeuedJobs(long Matched, long Requeued);
