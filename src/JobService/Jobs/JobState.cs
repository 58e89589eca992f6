namespace JobService.Jobs;

/// <summary>The five states of a job. Waiting for a time, a retry or a limit is <c>queued</c> with a visible reason.</summary>
/// <remarks>
/// <code>
///            claim            finish
///  queued ──────────▶ running ──────▶ succeeded
///    ▲ │                │  │
///    │ │ cancel         │  ├────────▶ failed
///    │ └─────────┐      │  │
///    │           ▼      │  └────────▶ cancelled
///    │       cancelled  │
///    └──────────────────┘  retry, 429, slot given up, shutdown, crash
///
///  failed, cancelled ──▶ queued   only by a retry on request
/// </code>
/// The numbers are stored in the database: they never change.
/// </remarks>
public enum JobState
{
    Queued = 0,
    Running = 1,
    Succeeded = 2,
    Failed = 3,
    Cancelled = 4,
}

public static class JobStates
{
    // No default: a new state does not compile until it is decided for each.

    public static bool IsFinished(this JobState state) => state switch
    {
        JobState.Queued or JobState.Running => false,
        JobState.Succeeded or JobState.Failed or JobState.Cancelled => true,
    };

    /// <summary>Whether a request may put the job back to <see cref="JobState.Queued"/>.</summary>
    public static bool IsRetryable(this JobState state) => state switch
    {
        JobState.Failed or JobState.Cancelled => true,
        JobState.Queued or JobState.Running or JobState.Succeeded => false,
    };
}
