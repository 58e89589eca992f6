using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Nothing to queued.</summary>
/// <param name="Rows">The jobs.</param>
/// <param name="Halted">Batches of which a job was not taken in before: none goes before it.</param>
internal sealed record AddJobs(IReadOnlyList<NewRow> Rows, IReadOnlySet<JobId> Halted) : Command<IReadOnlyList<Addition>>
{
    public override IReadOnlyList<Addition> Apply(Turn turn) => Adding.Add(turn, Rows, Halted);
}
