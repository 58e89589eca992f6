using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>What the limits have handed out and learned: one row a state, and for windows the log of their starts.</summary>
internal interface ILimitStateRows
{
    void Put(LimitLine line);

    void DeleteAll(string limit);

    IEnumerable<(string Limit, string Key, StoredLimit State)> States();

    IEnumerable<(string Limit, string Key, long At, int Weight)> Starts();
}
