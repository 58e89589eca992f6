using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Queues the failed and cancelled ones of the jobs again.</summary>
internal sealed record RetryJobs(IReadOnlyList<JobId> Jobs) : Command<IReadOnlyList<RetryOutcome>>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.Jobs.UnionWith(Jobs.Select(job => job.Stamp));

    public override IReadOnlyList<RetryOutcome> Apply(Turn turn) => [.. Jobs.Select(job => new RetryJob(job).Apply(turn))];
}
