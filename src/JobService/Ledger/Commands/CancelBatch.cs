using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>What waits is cancelled in chunks, what runs is told to stop. Without effect when it was told so before.</summary>
internal sealed record CancelBatch(JobId Batch, CancelReason Reason) : Command<BatchCancelOutcome>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Stopping.Add(Batch.Stamp);

    public override BatchCancelOutcome Apply(Turn turn)
    {
        if (turn.Batches.Find(Batch) is not { } batch)
            return new BatchCancelOutcome.NotFound();
        if (batch is { IsOver: true, CancelReason: null })
            return new BatchCancelOutcome.Finished(batch.ToBatch());
        Batching.TellToStop(turn, batch, Reason);
        return new BatchCancelOutcome.Stopping(batch.ToBatch());
    }
}
