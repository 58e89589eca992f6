using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Rows of keys whose limits have come to rest say nothing any more. They are looked for on a walk through the tables, a few at a time.</summary>
internal interface IRestingRows
{
    /// <param name="restedBefore">States that nothing has touched since.</param>
    /// <param name="atMost">Rows looked at.</param>
    /// <returns>How many were deleted.</returns>
    int DeleteStates(long restedBefore, int atMost);

    /// <param name="neededSince">From when on a limit's log is needed.</param>
    /// <param name="atMost">Rows looked at.</param>
    /// <returns>How many were deleted.</returns>
    int DeleteStarts(Func<string, long> neededSince, int atMost);
}
