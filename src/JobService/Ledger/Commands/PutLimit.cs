using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger.Commands;

/// <summary>Makes a limit or replaces its definition.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Definition">What it is from now on.</param>
/// <param name="Expected">The revision that is replaced; 0 when there is to be none; null when that does not matter.</param>
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
