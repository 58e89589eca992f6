using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Cancels a batch: queued jobs in chunks; running ones are told to stop. No effect when it was cancelled before.</summary>
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
