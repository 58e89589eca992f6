using JobService.Jobs;

namespace JobService.Storage;

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

/// <summary>Which results of a batch are meant.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="InInputOrder">By index; otherwise by the number of their completion.</param>
/// <param name="After">Only results behind this index or this number: -1, or 0, from the beginning.</param>
/// <param name="UpTo">Only ends with at most this number.</param>
/// <param name="PassHoles">In input order: go on behind a job that has not ended; otherwise its hole ends the page.</param>
/// <param name="Limit">At most so many.</param>
/// <param name="MaxInlineBytes">Larger results come without their body.</param>
public sealed record BatchResultsQuery(JobId Batch, bool InInputOrder, long After, long UpTo, bool PassHoles, int Limit, int MaxInlineBytes);

/// <summary>A page of results, and the batch at the moment of the read.</summary>
/// <param name="Batch">The batch, without what is counted apart: who runs, and its pace.</param>
/// <param name="Items">The results.</param>
/// <param name="IsCut">The page was cut off by its limit or its size: more may be there.</param>
public sealed record BatchResults(Batch Batch, IReadOnlyList<BatchResult> Items, bool IsCut);
