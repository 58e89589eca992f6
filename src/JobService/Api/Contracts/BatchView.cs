using JobService.Jobs;

namespace JobService.Api.Contracts;

/// <summary>The current state of a batch. Fields that do not apply are left out.</summary>
public sealed record BatchView : ILinked<BatchView>
{
    /// <summary>A UUIDv7.</summary>
    public required Guid Id { get; init; }

    /// <summary><c>open</c> while its upload goes on, <c>running</c>, and in the end <c>succeeded</c> (all jobs did), <c>failed</c> (at least one did) or
    /// <c>cancelled</c>.</summary>
    public required BatchState State { get; init; }

    /// <summary>The queue of the jobs that name none themselves.</summary>
    public required string Queue { get; init; }

    /// <summary>What happens to the other jobs when one fails.</summary>
    public required OnFailure OnFailure { get; init; }

    /// <summary>Jobs that were accepted.</summary>
    public required long Total { get; init; }

    /// <summary>Its jobs by state.</summary>
    public required CountsView Counts { get; init; }

    /// <summary>Share of the jobs that have ended, from 0 to 1; for an open batch, of the jobs accepted so far.</summary>
    public required double Progress { get; init; }

    /// <summary>Estimated seconds until its last job ends, from the pace of the last 1000 ends; left out before the first, while the batch is open, and when it is over.</summary>
    public double? EtaSeconds { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its last job ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Who is notified when the batch is over; <c>links.deliveries</c> shows the deliveries.</summary>
    public CallbackView? Callback { get; init; }

    /// <summary>Why it was cancelled: <c>request</c>, <c>batch</c> (a job failed) or <c>disconnect</c>.</summary>
    public CancelReason? CancelReason { get; init; }

    /// <summary>Where to go from here.</summary>
    public required BatchLinks Links { get; init; }

    BatchView ILinked<BatchView>.Under(string pathBase) => this with { Links = Links.Under(pathBase) };

    internal static BatchView Of(Batch batch) => new()
    {
        Id = batch.Id.Value,
        State = batch.State,
        Queue = batch.Queue,
        OnFailure = batch.CancelOnFailure ? OnFailure.Cancel : OnFailure.Continue,
        Total = batch.Total,
        Counts = new CountsView(batch.Queued, batch.Running, batch.Succeeded, batch.Failed, batch.Cancelled),
        Progress = batch.Total > 0 ? Math.Round((double)batch.Ended / batch.Total, 4) : batch.IsOpen ? 0 : 1,
        EtaSeconds = !batch.IsOpen && !batch.IsOver && batch.EndsPerSecond is { } pace ? Math.Round((batch.Total - batch.Ended) / pace, 1) : null,
        CreatedAt = batch.CreatedAt,
        FinishedAt = batch.FinishedAt,
        Callback = batch.CallbackUrl is { } url ? new CallbackView(url) : null,
        CancelReason = batch.CancelReason,
        Links = BatchLinks.Of(batch),
    };
}

/// <summary>Where to go from a batch.</summary>
/// <param name="Self">The batch.</param>
/// <param name="Results">Its results, in either order.</param>
/// <param name="Jobs">Its jobs.</param>
/// <param name="Cancel">POST cancels it; left out when it is over.</param>
/// <param name="Deliveries">The deliveries of its callback.</param>
public sealed record BatchLinks(string Self, string Results, string Jobs, string? Cancel, string? Deliveries)
{
    internal static BatchLinks Of(Batch batch)
    {
        var self = $"/v1/batches/{batch.Id}";
        return new BatchLinks(
            self, self + "/results", $"/v1/jobs?batch={batch.Id}", batch.IsOver ? null : self + "/cancel", batch.CallbackUrl is null ? null : self + "/deliveries");
    }

    internal BatchLinks Under(string pathBase) => new(pathBase + Self, pathBase + Results, pathBase + Jobs, Cancel.Under(pathBase), Deliveries.Under(pathBase));
}
