using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Deletes a limit that no queue names.</summary>
internal sealed record DeleteLimit(string Name, long? Expected) : Command<DeleteOutcome>
{
    public override DeleteOutcome Apply(Turn turn)
    {
        if (turn.Memory.Limits.GetValueOrDefault(Name) is not { } limit)
            return DeleteOutcome.NotFound;
        if (Expected is not null && Expected != limit.Entry.Revision)
            return DeleteOutcome.Outdated;
        if (limit.Entry.FromConfiguration)
            return DeleteOutcome.FromConfiguration;
        if (turn.Memory.Queues.Any(queue => queue.Entry.Definition.Limits.Contains(Name)))
            return DeleteOutcome.InUse;

        turn.Changes.Add(new DefinitionChange.LimitDeleted(Name));
        turn.Changes.Add(new LimitStateChange.AllDeleted(Name));
        turn.Memory.RemoveLimit(Name);
        turn.CatalogChanged = true;
        turn.Events?.Add(new StoreEvent(StoreEventKind.Limit, Name, "deleted"));
        return DeleteOutcome.Deleted;
    }
}
