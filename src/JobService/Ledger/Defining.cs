using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Stores the definitions of queues and limits if they have changed.</summary>
internal static class Defining
{
    public static QueueEntry Write(
        Turn turn, QueueRow? former, string name, QueueDefinition definition, bool paused, bool fromConfiguration, string? declared)
    {
        var entry = new QueueEntry(name, definition, paused, turn.Memory.LastRevision + 1, fromConfiguration);
        if (former is not null && former.Entry with { Revision = entry.Revision } == entry && former.Declared == declared)
            return former.Entry;

        turn.Events?.Add(new StoreEvent(StoreEventKind.Queue, name, Change(former?.Entry, paused)));
        var queue = former ?? Make(turn, entry, declared);
        turn.Changes.Add(new DefinitionChange.QueuePut(queue.Id, entry, declared));
        (queue.Entry, queue.Declared) = (entry, declared);
        turn.Memory.Enter(queue);
        turn.CatalogChanged = true;
        return entry;
    }

    /// <summary>Continues with the finished jobs of a deleted queue of the same name.</summary>
    private static QueueRow Make(Turn turn, QueueEntry entry, string? declared)
    {
        var former = turn.Fetched.Retired(entry.Name);
        var queue = new QueueRow(former?.Id ?? ++turn.Memory.LastQueue, entry, declared) { CountsChanged = former is not null };
        former?.Jobs.CopyTo(queue.Counts, 0);
        return queue;
    }

    private static string Change(QueueEntry? former, bool paused) => former switch
    {
        null => "created",
        { Paused: false } when paused => "paused",
        { Paused: true } when !paused => "resumed",
        _ => "replaced",
    };

    public static LimitEntry Write(Turn turn, string name, LimitDefinition definition, bool fromConfiguration, string? declared)
    {
        var former = turn.Memory.Limits.GetValueOrDefault(name);
        var entry = new LimitEntry(name, definition, turn.Memory.LastRevision + 1, fromConfiguration);
        if (former is not null && former.Entry with { Revision = entry.Revision } == entry && former.Declared == declared)
            return former.Entry;

        turn.Events?.Add(new StoreEvent(StoreEventKind.Limit, name, former is null ? "created" : "replaced"));
        turn.Changes.Add(new DefinitionChange.LimitPut(entry, declared));
        if (!turn.Memory.Enter(new LimitRow(entry, declared), turn.Now))
            turn.Changes.Add(new LimitStateChange.AllDeleted(name));
        else if (former is not null && former.Entry.Definition.Counts != definition.Counts)
            Recount(turn, name);
        WriteStates(turn, turn.Memory.Planner.Named(name));
        turn.CatalogChanged = true;
        return entry;
    }

    /// <summary>The debt was converted to the new pace.</summary>
    private static void WriteStates(Turn turn, NamedLimit limit)
    {
        turn.Touch(limit.WaitQueues);
        if (limit.CommonUntil > turn.Now)
            LimitStates.WriteCommon(turn, limit);
    }

    /// <summary>The limit counts something else now: running calls are counted again.</summary>
    private static void Recount(Turn turn, string limit)
    {
        foreach (var running in turn.Memory.Running.Values)
        {
            if (running.Hold is { } hold)
                turn.Memory.Planner.Recount(hold, limit, running.Job.Weight, running.Job.Weights);
        }
    }
}
