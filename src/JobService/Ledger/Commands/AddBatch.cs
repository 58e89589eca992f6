using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>All of the jobs or none.</summary>
internal sealed record AddBatch(NewBatch Batch, IReadOnlyList<NewRow> Rows) : Command<Addition>
{
    public override Addition Apply(Turn turn) => Batching.Add(turn, Batch, Rows);
}
