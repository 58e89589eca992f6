using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>The row that store time goes on from, and what moves along when it jumps.</summary>
internal interface IClockRows
{
    /// <summary>Rows changed by this connection so far.</summary>
    int Changes { get; }

    void Put(in StoredClock clock);

    /// <summary>Store time jumps: what limits, waits and retries have counted from it lies as far from the new time as from the old.</summary>
    void Move(long ticks);
}
