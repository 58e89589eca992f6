using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>What waits is cancelled in bites, what runs is told to stop. Without effect when it was told so before.</summary>
internal sealed record CancelBatch(JobId Batch, CancelReason Reason) : Command<BatchCancelOutcome>
{
    public override BatchCancelOutcome Apply(Turn turn) => Batching.Cancel(turn, Batch, Reason);
}
