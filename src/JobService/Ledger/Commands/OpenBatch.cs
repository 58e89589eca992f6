using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Creates a batch whose jobs are added one by one.</summary>
internal sealed record OpenBatch(NewBatch Batch) : Command<Batch>
{
    public override Batch Apply(Turn turn) => Batching.Open(turn, Batch);
}
