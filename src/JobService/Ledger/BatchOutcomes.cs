using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>What became of a batch that was submitted as a whole.</summary>
public abstract record BatchAddition
{
    /// <summary>All of its jobs are durable.</summary>
    public sealed record Accepted(Batch Batch) : BatchAddition;

    /// <summary>The same submission came before.</summary>
    public sealed record Replayed(JobId Batch) : BatchAddition;

    /// <summary>The idempotency key belongs to another body.</summary>
    public sealed record Mismatched : BatchAddition;

    /// <summary>One of its jobs can never be taken in.</summary>
    public sealed record Refused(int Index, Addition Why) : BatchAddition;

    /// <summary>More jobs for one queue than it may ever hold.</summary>
    public sealed record OverCapacity(string Queue, int Capacity) : BatchAddition;

    /// <summary>A queue has no room for all of its jobs now: so many places are missing.</summary>
    public sealed record Full(string Queue, long Missing) : BatchAddition;
}

public abstract record BatchCancelOutcome
{
    public sealed record NotFound : BatchCancelOutcome;

    /// <summary>It is being cancelled, or was before.</summary>
    public sealed record Stopping(Batch Batch) : BatchCancelOutcome;

    /// <summary>It was over before.</summary>
    public sealed record Finished(Batch Batch) : BatchCancelOutcome;
}
