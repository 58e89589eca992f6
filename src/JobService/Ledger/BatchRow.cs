using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>A batch with its jobs counted. Owned by the writer, for one turn.</summary>
internal sealed class BatchRow(JobId id, string queue)
{
    public JobId Id { get; } = id;

    public string Queue { get; } = queue;

    public bool CancelOnFailure { get; init; }

    public string? CallbackUrl { get; init; }

    public bool IsOpen { get; set; }

    public CancelReason? CancelReason { get; set; }

    /// <summary>Jobs below this index have been told to stop; null when all of them have.</summary>
    public long? StopFrom { get; set; }

    public long CreatedAt { get; init; }

    public long? FinishedAt { get; set; }

    public long Total { get; set; }

    public long Succeeded { get; set; }

    public long Failed { get; set; }

    public long Cancelled { get; set; }

    public long LastCompletion { get; set; }

    public string? Idempotency { get; init; }

    public bool IsOver => !IsOpen && Succeeded + Failed + Cancelled == Total;

    public Batch ToBatch(long running = 0, double? endsPerSecond = null) => new()
    {
        Id = Id,
        Queue = Queue,
        CancelOnFailure = CancelOnFailure,
        CallbackUrl = CallbackUrl,
        IsOpen = IsOpen,
        CancelReason = CancelReason,
        CreatedAt = new DateTimeOffset(CreatedAt, TimeSpan.Zero),
        FinishedAt = FinishedAt is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
        Total = Total,
        Running = running,
        Succeeded = Succeeded,
        Failed = Failed,
        Cancelled = Cancelled,
        LastCompletion = LastCompletion,
        EndsPerSecond = endsPerSecond,
    };

    public void Count(JobState ended, int change) => _ = ended switch
    {
        JobState.Succeeded => Succeeded += change,
        JobState.Failed => Failed += change,
        JobState.Cancelled => Cancelled += change,
        JobState.Queued or JobState.Running => throw new ArgumentOutOfRangeException(nameof(ended), ended, "No end of a job."),
    };
}
