using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Cancels a job: a queued one at once; a running one is told to stop.</summary>
internal sealed record CancelJob(JobId Job, CancelReason Reason) : Command<CancelOutcome>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Jobs.Add(Job.Stamp);

    public override CancelOutcome Apply(Turn turn) => Cancelling.Cancel(turn, Job, Reason);
}
