using JobService.Jobs;
using JobService.Limits;

namespace JobService.Ledger.Commands;

/// <summary>Stores the queues and limits of the configuration. A definition that the API has changed since it was last declared stays.</summary>
internal sealed record Declare(IReadOnlyDictionary<string, QueueDefinition> Queues, IReadOnlyDictionary<string, LimitDefinition> Limits) : Command<bool>
{
    public override void Want(Wanted wanted, LedgerMemory memory) => wanted.RetiredQueues.UnionWith(Queues.Keys.Where(name => memory.FindQueue(name) is null));

    public override bool Apply(Turn turn)
    {
        foreach (var (name, definition) in Limits)
        {
            var former = turn.Memory.Limits.GetValueOrDefault(name);
            var declared = ColumnJson.Write(definition);
            if (former is null || IsStillDeclared(Refreshed(former.Declared, ColumnJson.ReadLimit, ColumnJson.Write), ColumnJson.Write(former.Entry.Definition), declared))
                Defining.Write(turn, name, definition, fromConfiguration: true, declared);
            else
                Defining.Write(turn, name, former.Entry.Definition, fromConfiguration: true, former.Declared ?? declared);
        }

        foreach (var (name, definition) in Queues)
        {
            if (definition.Limits.FirstOrDefault(limit => !turn.Memory.Limits.ContainsKey(limit)) is { } unknown)
                throw new InvalidOperationException($"The configuration's queue {name} names the limit {unknown}, which does not exist.");

            var former = turn.Memory.FindQueue(name);
            var declared = ColumnJson.Write(definition);
            if (former is null || IsStillDeclared(Refreshed(former.Declared, ColumnJson.ReadQueue, ColumnJson.Write), ColumnJson.Write(former.Entry.Definition), declared))
                Defining.Write(turn, former, name, definition, former?.Entry.Paused ?? false, fromConfiguration: true, declared);
            else
                Defining.Write(turn, former, name, former.Entry.Definition, former.Entry.Paused, fromConfiguration: true, former.Declared ?? declared);
        }

        foreach (var former in turn.Memory.Queues.Where(queue => queue.Entry.FromConfiguration && !Queues.ContainsKey(queue.Entry.Name)).ToList())
            Defining.Write(turn, former, former.Entry.Name, former.Entry.Definition, former.Entry.Paused, fromConfiguration: false, former.Declared);
        foreach (var former in turn.Memory.Limits.Values.Where(limit => limit.Entry.FromConfiguration && !Limits.ContainsKey(limit.Entry.Name)).ToList())
            Defining.Write(turn, former.Entry.Name, former.Entry.Definition, fromConfiguration: false, former.Declared);
        return true;
    }

    /// <summary>The declaration of an earlier version, which did not know all fields, as this version writes it.</summary>
    private static string? Refreshed<T>(string? declared, Func<string, T> read, Func<T, string> write) => declared is null ? null : write(read(declared));

    /// <summary>The declaration has changed, and the API has not changed the definition since the last one.</summary>
    private static bool IsStillDeclared(string? declaredBefore, string inForce, string declaredNow) =>
        declaredBefore == inForce && declaredBefore != declaredNow;
}
