using JobService.Jobs;

namespace JobService.Storage;

/// <summary>Selects results of a batch.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="InInputOrder">By index; otherwise by completion number.</param>
/// <param name="After">Only results after this index or completion number: -1, or 0, from the beginning.</param>
/// <param name="UpTo">Only ends with at most this number.</param>
/// <param name="PassHoles">In input order: skip jobs that have not ended; otherwise the first of these ends the page.</param>
/// <param name="Limit">Maximum number of results.</param>
/// <param name="MaxInlineBytes">Larger results come without their body.</param>
public sealed record BatchResultsQuery(JobId Batch, bool InInputOrder, long After, long UpTo, bool PassHoles, int Limit, int MaxInlineBytes);

/// <summary>A page of results, and the batch at the moment of the read.</summary>
/// <param name="Batch">The batch, without its number of running jobs and its pace, which are counted separately.</param>
/// <param name="Items">The results.</param>
/// <param name="IsCut">The page was ended by its limit or its size: there may be more.</param>
public sealed record BatchResults(Batch Batch, IReadOnlyList<BatchResult> Items, bool IsCut);
