using JobService.Jobs;

namespace JobService.Ledger;

public abstract record BatchCancelOutcome
{
    public sealed record NotFound : BatchCancelOutcome;

    /// <summary>It is being cancelled, or was before.</summary>
    public sealed record Stopping(Batch Batch) : BatchCancelOutcome;

    /// <summary>It was over before.</summary>
    public sealed record Finished(Batch Batch) : BatchCancelOutcome;
}
