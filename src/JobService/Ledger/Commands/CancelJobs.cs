using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Cancels the unfinished ones of the jobs: another request may have cancelled some before.</summary>
internal sealed record CancelJobs(IReadOnlyList<JobId> Jobs, CancelReason Reason) : Command<IReadOnlyList<CancelOutcome>>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Jobs.UnionWith(Jobs.Select(job => job.Stamp));

    public override IReadOnlyList<CancelOutcome> Apply(Turn turn) =>
        [.. Jobs.Where(job => turn.Fetched.Job(job.Stamp) is { State: JobState.Queued or JobState.Running }).Select(job => Cancelling.Cancel(turn, job, Reason))];
}
