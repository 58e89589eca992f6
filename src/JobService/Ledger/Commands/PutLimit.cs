using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger.Commands;

/// <summary>Creates a limit or replaces its definition.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Definition">The new definition.</param>
/// <param name="Expected">The revision that must be in force; 0 when there must be none yet; null for any.</param>
internal sealed record PutLimit(string Name, LimitDefinition Definition, long? Expected) : Command<PutOutcome<LimitEntry>>
{
    public override PutOutcome<LimitEntry> Apply(Turn turn)
    {
        var former = turn.Memory.Limits.GetValueOrDefault(Name);
        if (Expected is not null && Expected != (former?.Entry.Revision ?? 0))
            return new PutOutcome<LimitEntry>.Outdated(former?.Entry.Revision);

        var entry = Defining.Write(turn, Name, Definition, former?.Entry.FromConfiguration ?? false, former?.Declared);
        return former is null ? new PutOutcome<LimitEntry>.Created(entry) : new PutOutcome<LimitEntry>.Replaced(entry, former.Entry);
    }
}
