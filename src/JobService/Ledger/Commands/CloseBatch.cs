using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Closes a batch: no more jobs are added. No effect on a closed one.</summary>
internal sealed record CloseBatch(JobId Batch) : Command<Batch?>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Batches.Add(Batch.Stamp);

    public override Batch? Apply(Turn turn) => Batching.Close(turn, Batch);
}
