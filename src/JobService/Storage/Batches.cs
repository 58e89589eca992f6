using JobService.Jobs;

namespace JobService.Storage;

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
