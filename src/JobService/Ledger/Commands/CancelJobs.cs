using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Those of the jobs that are unfinished, and what became of them: another request may have come first.</summary>
internal sealed record CancelJobs(IReadOnlyList<JobId> Jobs, CancelReason Reason) : Command<IReadOnlyList<CancelOutcome>>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Jobs.UnionWith(Jobs.Select(job => job.Stamp));

    public override IReadOnlyList<CancelOutcome> Apply(Turn turn) =>
        [.. Jobs.Where(job => turn.Fetched.Job(job.Stamp) is { State: JobState.Queued or JobState.Running }).Select(job => Cancelling.Cancel(turn, job, Reason))];
}
