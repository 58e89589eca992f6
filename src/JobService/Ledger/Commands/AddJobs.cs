using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Adds jobs of an upload, in order.</summary>
/// <param name="Rows">The jobs.</param>
/// <param name="Halted">Batches of which an earlier job was not accepted: no later one is accepted before it.</param>
internal sealed record AddJobs(IReadOnlyList<NewRow> Rows, IReadOnlySet<JobId> Halted) : Command<IReadOnlyList<Addition>>
{
    public override void Want(Wanted wanted, LedgerMemory memory)
    {
        foreach (var row in Rows)
            new AddJob(row).Want(wanted, memory);
    }

    public override IReadOnlyList<Addition> Apply(Turn turn)
    {
        var additions = new List<Addition>(Rows.Count);
        var haltedHere = new HashSet<JobId>(Halted); // the turn may be repeated
        foreach (var row in Rows)
        {
            var batch = row.Job.Batch?.Batch;
            var isBehind = batch is { } place && haltedHere.Contains(place);
            var addition = isBehind ? new Addition.Full(row.Job.Queue) : new AddJob(row).Apply(turn);
            additions.Add(addition);
            if (addition is not Addition.Accepted && batch is { } stopped)
                haltedHere.Add(stopped);
        }

        return additions;
    }
}
