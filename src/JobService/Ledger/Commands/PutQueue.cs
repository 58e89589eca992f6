using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Creates a queue or replaces its definition.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Definition">The new definition.</param>
/// <param name="Expected">The revision that must be in force; 0 when there must be none yet; null for any.</param>
internal sealed record PutQueue(string Name, QueueDefinition Definition, long? Expected) : Command<PutOutcome<QueueEntry>>
{
    public override void Want(Wanted wanted, LedgerMemory memory)
    {
        if (memory.FindQueue(Name) is null)
            wanted.RetiredQueues.Add(Name);
    }

    public override PutOutcome<QueueEntry> Apply(Turn turn)
    {
        var former = turn.Memory.FindQueue(Name);
        var before = former?.Entry;
        if (Expected is not null && Expected != (before?.Revision ?? 0))
            return new PutOutcome<QueueEntry>.Outdated(before?.Revision);
        if (Definition.Limits.FirstOrDefault(limit => !turn.Memory.Limits.ContainsKey(limit)) is { } unknown)
            return new PutOutcome<QueueEntry>.UnknownLimit(unknown);

        var entry = Defining.Write(turn, former, Name, Definition, before?.Paused ?? false, before?.FromConfiguration ?? false, former?.Declared);
        return before is null ? new PutOutcome<QueueEntry>.Created(entry) : new PutOutcome<QueueEntry>.Replaced(entry, before);
    }
}
