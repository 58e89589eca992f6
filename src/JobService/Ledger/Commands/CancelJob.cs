using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Queued to cancelled at once; running is told to stop.</summary>
internal sealed record CancelJob(JobId Job, CancelReason Reason) : Command<CancelOutcome>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Jobs.Add(Job.Stamp);

    public override CancelOutcome Apply(Turn turn) => Cancelling.Cancel(turn, Job, Reason);
}
