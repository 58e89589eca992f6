using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Deletes a queue without unfinished jobs.</summary>
internal sealed record DeleteQueue(string Name, long? Expected) : Command<DeleteOutcome>
{
    public override DeleteOutcome Apply(Turn turn)
    {
        if (turn.Memory.FindQueue(Name) is not { } queue)
            return DeleteOutcome.NotFound;
        if (Expected is not null && Expected != queue.Entry.Revision)
            return DeleteOutcome.Outdated;
        if (queue.Entry.FromConfiguration)
            return DeleteOutcome.FromConfiguration;
        if (queue.Unfinished > 0)
            return DeleteOutcome.InUse;

        turn.Changes.Add(new DefinitionChange.QueueRetired(queue.Id));
        turn.Changes.Add(new DefinitionChange.LanesLifted(queue.Id, Key: null));
        turn.Memory.Remove(queue);
        turn.Fetched.PutRetired(Name, new RetiredQueue(queue.Id, queue.Counts)); // it may be created again in the same turn
        turn.CatalogChanged = true;
        turn.Events?.Add(new StoreEvent(StoreEventKind.Queue, Name, "deleted"));
        return DeleteOutcome.Deleted;
    }
}
