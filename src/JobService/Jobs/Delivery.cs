namespace JobService.Jobs;

/// <summary>One event that a receiver is notified of: the end of a job or of a batch. A subject that is reopened and ends again creates another.</summary>
/// <param name="Id">The webhook id, the same for every try.</param>
/// <param name="Type">What happened, such as <c>job.succeeded</c>.</param>
/// <param name="Url">Where it is sent.</param>
/// <param name="State">Its state.</param>
/// <param name="CreatedAt">When it happened.</param>
/// <param name="NextAttemptAt">When it is sent, for the first time or again; null when it is not sent any more.</param>
/// <param name="Attempts">The tries so far, oldest first.</param>
public sealed record Delivery(
    JobId Id, string Type, string Url, DeliveryState State, DateTimeOffset CreatedAt, DateTimeOffset? NextAttemptAt, IReadOnlyList<DeliveryAttempt> Attempts);

/// <summary>One try to send a delivery.</summary>
/// <param name="Number">From 1.</param>
/// <param name="At">When it began.</param>
/// <param name="Status">The receiver's status, if it responded.</param>
/// <param name="Duration">Until the response or the failure.</param>
/// <param name="Error">Why it failed.</param>
public sealed record DeliveryAttempt(int Number, DateTimeOffset At, int? Status, TimeSpan Duration, string? Error);

/// <summary>The state of a delivery.</summary>
// The numbers are stored in the database: they never change.
public enum DeliveryState
{
    /// <summary>It will be sent, for the first time or again.</summary>
    Pending = 0,

    /// <summary>The receiver accepted it.</summary>
    Delivered = 1,

    /// <summary>The receiver did not accept it within the retry schedule.</summary>
    Failed = 2,

    /// <summary>The receiver responded with 410: nothing is sent to this address until it is requested.</summary>
    Disabled = 3,
}

/// <summary>The names of events.</summary>
public static class DeliveryTypes
{
    public const string JobSucceeded = "job.succeeded";
    public const string JobFailed = "job.failed";
    public const string JobCancelled = "job.cancelled";
    public const string BatchFinished = "batch.finished";

    /// <param name="ended">A state that a job ends in.</param>
    public static string Of(JobState ended) => ended switch
    {
        JobState.Succeeded => JobSucceeded,
        JobState.Failed => JobFailed,
        JobState.Cancelled => JobCancelled,
        JobState.Queued or JobState.Running => throw new ArgumentOutOfRangeException(nameof(ended), ended, "Not over."),
    };
}
