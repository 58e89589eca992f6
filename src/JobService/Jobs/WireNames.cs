namespace JobService.Jobs;

/// <summary>The wire names of states and reasons.</summary>
public static class WireNames
{
    public static string Of(JobState state) => state switch
    {
        JobState.Queued => "queued",
        JobState.Running => "running",
        JobState.Succeeded => "succeeded",
        JobState.Failed => "failed",
        JobState.Cancelled => "cancelled",
    };

    public static string Of(CancelReason reason) => reason switch
    {
        CancelReason.Request => "request",
        CancelReason.Disconnect => "disconnect",
        CancelReason.Deadline => "deadline",
        CancelReason.Purge => "purge",
        CancelReason.Batch => "batch",
        CancelReason.Dependency => "dependency",
    };

    public static string Of(WaitReason reason) => reason switch
    {
        WaitReason.Turn => "turn",
        WaitReason.Time => "time",
        WaitReason.Limit => "limit",
        WaitReason.Concurrency => "concurrency",
        WaitReason.Lock => "lock",
        WaitReason.Signal => "signal",
        WaitReason.Retry => "retry",
        WaitReason.Paused => "paused",
        WaitReason.Dependency => "dependency",
    };
}
