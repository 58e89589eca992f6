using JobService.Ledger;
using JobService.Limits;

namespace JobService.Tests.Simulation;

/// <summary>Queues, limits, and what the lanes of queues have learned.</summary>
internal sealed class MemoryDefinitions(MemoryDatabase database) : IDefinitionRows, DefinitionChange.IWriter
{
    public List<LimitRow> Limits() => [.. database.Limits.Rows.OrderBy(limit => limit.Entry.Name, StringComparer.Ordinal)];

    public List<QueueRow> Queues() => [.. database.Queues.Rows.Where(queue => !queue.IsRetired).OrderBy(queue => queue.Id).Select(ToRow)];

    public long LastQueue() => database.Queues.Rows.Select(queue => queue.Id).DefaultIfEmpty().Max();

    public RetiredQueue? FindRetired(string name)
    {
        if (Find(name) is not { IsRetired: true, Id: var id })
            return null;
        var jobs = new long[5];
        foreach (var job in database.Jobs.Rows.Where(job => job.Row.QueueId == id))
            jobs[(int)job.Row.State]++;
        return new RetiredQueue(id, jobs);
    }

    public List<(long QueueId, string Key, StoredLane Learned)> Lanes() => [.. database.Lanes.Rows
        .OrderBy(lane => lane.QueueId).ThenBy(lane => lane.Key, StringComparer.Ordinal)
        .Select(lane => (lane.QueueId, lane.Key, lane.Learned))];

    public IEnumerable<(string Limit, string Key, StoredLimit State)> States() => database.States.Rows
        .OrderBy(state => state.Limit, StringComparer.Ordinal).ThenBy(state => state.Key, StringComparer.Ordinal)
        .Select(state => (state.Limit, state.Key, state.State));

    public IEnumerable<(string Limit, string Key, long At, int Weight)> Starts() => database.Starts.Rows
        .OrderBy(start => start.Limit, StringComparer.Ordinal).ThenBy(start => start.Key, StringComparer.Ordinal).ThenBy(start => start.At)
        .Select(start => (start.Limit, start.Key, start.At, start.Weight));

    public int Write(DefinitionChange.LimitPut change) => database.Limits.Put(change.Entry.Name, new LimitRow(change.Entry, change.Declared));

    public int Write(DefinitionChange.LimitDeleted change) => database.Limits.Delete(change.Name);

    public int Write(DefinitionChange.QueuePut change) => Find(change.Entry.Name) is not { } former
        ? database.Queues.Insert(change.Id, new StoredQueue(change.Id, change.Entry, change.Declared))
        : former.Id == change.Id
            ? database.Queues.Put(change.Id, former with { Entry = change.Entry, Declared = change.Declared, IsRetired = false })
            : 0;

    public int Write(DefinitionChange.QueueRetired change) => database.Queues.Update(change.Id, static queue => queue with { IsRetired = true });

    public int Write(DefinitionChange.QueueCounted change) => database.Queues.Update(change.Id, queue => queue with { Counts = change.Jobs });

    public int Write(DefinitionChange.LaneLearned change) => database.Lanes.Put((change.QueueId, change.Key), change);

    public int Write(DefinitionChange.LanesLifted change) =>
        database.Lanes.DeleteAll((lane, _) => lane.QueueId == change.QueueId && (change.Key is null || lane.Key == change.Key));

    public int Write(DefinitionChange.LanesForgotten change) => database.Lanes.DeleteAll((_, lane) =>
        lane.Learned.PausedUntil <= change.Now && (lane.Learned.Pace is null || lane.Learned.SlowedAt <= change.Now - StoredLane.Memory));

    public int Write(DefinitionChange.Probed change)
    {
        var last = database.Openings.All.Select(opening => opening.Key).DefaultIfEmpty().Max();
        return database.Openings.Update(last, opening => new DefinitionChange.Probed(Math.Max(opening.Now + 1, change.Now)));
    }

    private StoredQueue? Find(string name) => database.Queues.Rows.SingleOrDefault(queue => queue.Entry.Name == name);

    private static QueueRow ToRow(StoredQueue queue)
    {
        var row = new QueueRow(queue.Id, queue.Entry, queue.Declared);
        queue.Counts.ToArray().CopyTo(row.Counts, 0);
        return row;
    }
}
