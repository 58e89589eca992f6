using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger;

/// <summary>Queues and limits, put, paused and deleted while the service runs.</summary>
internal static class Defining
{
    public static PutOutcome<QueueEntry> PutQueue(Turn turn, string name, QueueDefinition definition, long? expected)
    {
        var former = turn.Memory.FindQueue(name);
        var before = former?.Entry;
        if (expected is not null && expected != (before?.Revision ?? 0))
            return new PutOutcome<QueueEntry>.Outdated(before?.Revision);
        if (definition.Limits.FirstOrDefault(limit => !turn.Memory.Limits.ContainsKey(limit)) is { } unknown)
            return new PutOutcome<QueueEntry>.UnknownLimit(unknown);

        var entry = Write(turn, former, name, definition, before?.Paused ?? false, before?.FromConfiguration ?? false, former?.Declared);
        return before is null ? new PutOutcome<QueueEntry>.Created(entry) : new PutOutcome<QueueEntry>.Replaced(entry, before);
    }

    public static PutOutcome<LimitEntry> PutLimit(Turn turn, string name, LimitDefinition definition, long? expected)
    {
        var former = turn.Memory.Limits.GetValueOrDefault(name);
        if (expected is not null && expected != (former?.Entry.Revision ?? 0))
            return new PutOutcome<LimitEntry>.Outdated(former?.Entry.Revision);

        var entry = Write(turn, name, definition, former?.Entry.FromConfiguration ?? false, former?.Declared);
        return former is null ? new PutOutcome<LimitEntry>.Created(entry) : new PutOutcome<LimitEntry>.Replaced(entry, former.Entry);
    }

    public static PutOutcome<QueueEntry>.Replaced? Pause(Turn turn, string name, bool paused)
    {
        if (turn.Memory.FindQueue(name) is not { Entry: var before } queue)
            return null;
        var entry = before.Paused == paused ? before : Write(turn, queue, name, before.Definition, paused, before.FromConfiguration, queue.Declared);
        return new PutOutcome<QueueEntry>.Replaced(entry, before);
    }

    public static DeleteOutcome DeleteQueue(Turn turn, string name, long? expected)
    {
        if (turn.Memory.FindQueue(name) is not { } queue)
            return DeleteOutcome.NotFound;
        if (expected is not null && expected != queue.Entry.Revision)
            return DeleteOutcome.Outdated;
        if (queue.Entry.FromConfiguration)
            return DeleteOutcome.FromConfiguration;
        if (queue.Unfinished > 0)
            return DeleteOutcome.InUse;

        turn.Definitions.RetireQueue(queue.Id);
        turn.Memory.Remove(queue);
        turn.CatalogChanged = true;
        turn.Events?.Add(new StoreEvent(StoreEventKind.Queue, name, "deleted"));
        return DeleteOutcome.Deleted;
    }

    public static DeleteOutcome DeleteLimit(Turn turn, string name, long? expected)
    {
        if (turn.Memory.Limits.GetValueOrDefault(name) is not { } limit)
            return DeleteOutcome.NotFound;
        if (expected is not null && expected != limit.Entry.Revision)
            return DeleteOutcome.Outdated;
        if (limit.Entry.FromConfiguration)
            return DeleteOutcome.FromConfiguration;
        if (turn.Memory.Queues.Any(queue => queue.Entry.Definition.Limits.Contains(name)))
            return DeleteOutcome.InUse;

        turn.Definitions.DeleteLimit(name);
        turn.LimitStates.DeleteAll(name);
        turn.Memory.RemoveLimit(name);
        turn.CatalogChanged = true;
        turn.Events?.Add(new StoreEvent(StoreEventKind.Limit, name, "deleted"));
        return DeleteOutcome.Deleted;
    }

    /// <summary>Enters what the configuration names. What the API has changed since it was last entered stays.</summary>
    public static bool Declare(Turn turn, IReadOnlyDictionary<string, QueueDefinition> queues, IReadOnlyDictionary<string, LimitDefinition> limits)
    {
        foreach (var (name, definition) in limits)
        {
            var former = turn.Memory.Limits.GetValueOrDefault(name);
            var declared = StorageJson.Write(definition);
            if (former is null || IsStillDeclared(Refreshed(former.Declared, StorageJson.ReadLimit, StorageJson.Write), StorageJson.Write(former.Entry.Definition), declared))
                Write(turn, name, definition, fromConfiguration: true, declared);
            else
                Write(turn, name, former.Entry.Definition, fromConfiguration: true, former.Declared ?? declared);
        }

        foreach (var (name, definition) in queues)
        {
            if (definition.Limits.FirstOrDefault(limit => !turn.Memory.Limits.ContainsKey(limit)) is { } unknown)
                throw new InvalidOperationException($"The configuration's queue {name} names the limit {unknown}, which does not exist.");

            var former = turn.Memory.FindQueue(name);
            var declared = StorageJson.Write(definition);
            if (former is null || IsStillDeclared(Refreshed(former.Declared, StorageJson.ReadQueue, StorageJson.Write), StorageJson.Write(former.Entry.Definition), declared))
                Write(turn, former, name, definition, former?.Entry.Paused ?? false, fromConfiguration: true, declared);
            else
                Write(turn, former, name, former.Entry.Definition, former.Entry.Paused, fromConfiguration: true, former.Declared ?? declared);
        }

        foreach (var former in turn.Memory.Queues.Where(queue => queue.Entry.FromConfiguration && !queues.ContainsKey(queue.Entry.Name)).ToList())
            Write(turn, former, former.Entry.Name, former.Entry.Definition, former.Entry.Paused, fromConfiguration: false, former.Declared);
        foreach (var former in turn.Memory.Limits.Values.Where(limit => limit.Entry.FromConfiguration && !limits.ContainsKey(limit.Entry.Name)).ToList())
            Write(turn, former.Entry.Name, former.Entry.Definition, fromConfiguration: false, former.Declared);
        return true;
    }

    /// <summary>The limit counts something else: calls that run are counted anew, by what their rows say.</summary>
    private static void Recount(Turn turn, string limit)
    {
        foreach (var running in turn.Memory.Running.Values)
        {
            if (running.Hold is { } hold && turn.Jobs.Find(running.Id.Stamp) is { } row)
                turn.Memory.Planner.Recount(hold, limit, row.Weight, row.Weights);
        }
    }

    /// <summary>What was declared by a version that did not know all the fields yet, as this one writes it.</summary>
    private static string? Refreshed<T>(string? declared, Func<string, T> read, Func<T, string> write) => declared is null ? null : write(read(declared));

    /// <summary>The configuration says something new, and the API has not changed what it said before.</summary>
    private static bool IsStillDeclared(string? declaredBefore, string inForce, string declaredNow) =>
        declaredBefore == inForce && declaredBefore != declaredNow;

    private static QueueEntry Write(
        Turn turn, QueueRow? former, string name, QueueDefinition definition, bool paused, bool fromConfiguration, string? declared)
    {
        var entry = new QueueEntry(name, definition, paused, turn.Memory.LastRevision + 1, fromConfiguration);
        if (former is not null && former.Entry with { Revision = entry.Revision } == entry && former.Declared == declared)
            return former.Entry;

        turn.Events?.Add(new StoreEvent(StoreEventKind.Queue, name, Change(former?.Entry, paused)));
        var id = turn.Definitions.Put(entry, declared);
        var queue = former ?? turn.Definitions.Count(new QueueRow(id, entry, declared));
        (queue.Entry, queue.Declared) = (entry, declared);
        turn.Memory.Enter(queue);
        turn.CatalogChanged = true;
        return entry;
    }

    private static string Change(QueueEntry? former, bool paused) => former switch
    {
        null => "created",
        { Paused: false } when paused => "paused",
        { Paused: true } when !paused => "resumed",
        _ => "replaced",
    };

    private static LimitEntry Write(Turn turn, string name, LimitDefinition definition, bool fromConfiguration, string? declared)
    {
        var former = turn.Memory.Limits.GetValueOrDefault(name);
        var entry = new LimitEntry(name, definition, turn.Memory.LastRevision + 1, fromConfiguration);
        if (former is not null && former.Entry with { Revision = entry.Revision } == entry && former.Declared == declared)
            return former.Entry;

        turn.Events?.Add(new StoreEvent(StoreEventKind.Limit, name, former is null ? "created" : "replaced"));
        turn.Definitions.Put(entry, declared);
        if (!turn.Memory.Enter(new LimitRow(entry, declared), turn.Now))
            turn.LimitStates.DeleteAll(name);
        else if (former is not null && former.Entry.Definition.Counts != definition.Counts)
            Recount(turn, name);
        turn.Touch(turn.Memory.Planner.StatesOf(name)); // what is owed was converted to the new pace
        turn.CatalogChanged = true;
        return entry;
    }
}
