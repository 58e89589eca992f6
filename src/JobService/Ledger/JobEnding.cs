using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>How a job ended: kept with the event, because a retry by request changes it in the job.</summary>
internal sealed record JobEnding(
    JobState State, int Attempt, long FinishedAt, CancelReason? CancelReason, string? ErrorType, int? ErrorStatus, string? ErrorDetail)
{
    /// <summary>The job as it was at its end. Its other fields never change.</summary>
    public Job Of(Job job) => job with
    {
        State = State,
        Attempt = Attempt,
        FinishedAt = new DateTimeOffset(FinishedAt, TimeSpan.Zero),
        CancelReason = CancelReason,
        Error = ErrorType is null ? null : new JobError(ErrorType, ErrorStatus, ErrorDetail),
        Result = State == JobState.Succeeded ? job.Result : null,
    };
}

/// <summary>The state of a batch at its end, likewise.</summary>
internal sealed record BatchEnding(long FinishedAt, long Total, long Succeeded, long Failed, long Cancelled, CancelReason? CancelReason)
{
    /// <summary>The batch as it was at its end.</summary>
    public Batch Of(Batch batch) => batch with
    {
        IsOpen = false,
        FinishedAt = new DateTimeOffset(FinishedAt, TimeSpan.Zero),
        Total = Total,
        Running = 0,
        Succeeded = Succeeded,
        Failed = Failed,
        Cancelled = Cancelled,
        CancelReason = CancelReason,
    };
}
