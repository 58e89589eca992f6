using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>No more jobs come. Without effect on a batch that is closed.</summary>
internal sealed record CloseBatch(JobId Batch) : Command<Batch?>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Batches.Add(Batch.Stamp);

    public override Batch? Apply(Turn turn) => Batching.Close(turn, Batch);
}
