using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Everything that is kept of a job, deleted together.</summary>
internal interface IPruneRows
{
    /// <summary>Jobs whose end is history, also to those who were to be told of it. The next ones on a walk: a million that wait, or that belong to a batch
    /// which goes on, are not looked at in one turn.</summary>
    /// <param name="newest">No job of this row number or a higher one has ended before <paramref name="finishedBefore"/>.</param>
    /// <param name="finishedBefore">Ticks of store time.</param>
    /// <param name="atMost">How many are wanted.</param>
    /// <param name="looks">Rows looked at, at most.</param>
    /// <returns>The jobs, and whether the walk has come to its end: the next one begins anew.</returns>
    (List<(long Stamp, long QueueId, JobState State, bool HasCallback)> Jobs, bool IsEnd) Old(long newest, long finishedBefore, int atMost, int looks);

    void Delete(long stamp);

    /// <summary>Batches of which nothing but their own row is left.</summary>
    /// <returns>Which were deleted.</returns>
    List<long> DeleteBatches(long finishedBefore, int atMost);
}
