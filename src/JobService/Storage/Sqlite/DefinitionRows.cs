using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Reads and writes queues, limits and what the lanes of queues have learned.</summary>
internal sealed class DefinitionRows(sqlite3 database) : IDefinitionRows, DefinitionChange.IWriter, IDisposable
{
    private readonly SqliteStatement selectLimits = new(database, "SELECT name, definition, revision, from_configuration, declared FROM limits");

    private readonly SqliteStatement selectQueues = new(database, """
        SELECT id, name, definition, paused, revision, from_configuration, declared,
               queued_count, running_count, succeeded_count, failed_count, cancelled_count
        FROM   queues WHERE NOT deleted
        """);

    private readonly SqliteStatement putLimit = new(database, """
        INSERT INTO limits (name, definition, revision, from_configuration, declared) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (name) DO UPDATE SET definition = ?2, revision = ?3, from_configuration = ?4, declared = ?5
        """);

    private readonly SqliteStatement putQueue = new(database, """
        INSERT INTO queues (id, name, definition, paused, revision, from_configuration, declared) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (name) DO UPDATE SET definition = ?3, paused = ?4, revision = ?5, from_configuration = ?6, declared = ?7, deleted = 0 WHERE id = ?1
        """);

    private readonly SqliteStatement deleteLimit = new(database, "DELETE FROM limits WHERE name = ?1");
    private readonly SqliteStatement retireQueue = new(database, "UPDATE queues SET deleted = 1 WHERE id = ?1");
    private readonly SqliteStatement selectLast = new(database, "SELECT max(id) FROM queues");
    private readonly SqliteStatement selectRetired = new(database, "SELECT id FROM queues WHERE name = ?1 AND deleted");
    private readonly SqliteStatement countStates = new(database, "SELECT state, count(*) FROM jobs WHERE queue_id = ?1 GROUP BY state");

    private readonly SqliteStatement countQueue = new(database, """
        UPDATE queues SET queued_count = ?2, running_count = ?3, succeeded_count = ?4, failed_count = ?5, cancelled_count = ?6 WHERE id = ?1
        """);

    private readonly SqliteStatement putPausedLane = new(database, """
        INSERT INTO paused_lanes (queue_id, key, paused_until, pace, slowed_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (queue_id, key) DO UPDATE SET paused_until = ?3, pace = ?4, slowed_at = ?5
        """);
    private readonly SqliteStatement deletePausedLanes = new(database, "DELETE FROM paused_lanes WHERE paused_until <= ?1 AND (pace IS NULL OR slowed_at <= ?2)");
    private readonly SqliteStatement deletePausedLane = new(database, "DELETE FROM paused_lanes WHERE queue_id = ?1 AND key = ?2");
    private readonly SqliteStatement deletePausedLanesOf = new(database, "DELETE FROM paused_lanes WHERE queue_id = ?1");
    private readonly SqliteStatement selectPausedLanes = new(database, "SELECT queue_id, key, paused_until, pace, slowed_at FROM paused_lanes");

    // A value that differs from the stored one: SQLite writes no page for an update that changes nothing.
    private readonly SqliteStatement probeWrite = new(database, "UPDATE opens SET opened_at = max(opened_at + 1, ?1) WHERE id = (SELECT max(id) FROM opens)");

    private readonly SqliteStatement selectStates = new(database, "SELECT name, key, taken_until, paused_until, factor, factor_at, paced_until, is_quick FROM limit_states");
    private readonly SqliteStatement selectStarts = new(database, "SELECT name, key, at, weight FROM window_starts ORDER BY name, key, at");

    public List<LimitRow> Limits()
    {
        var rows = new List<LimitRow>();
        while (selectLimits.Step())
        {
            var entry = new LimitEntry(selectLimits.Text(0), ColumnJson.ReadLimit(selectLimits.Text(1)), selectLimits.Int64(2), selectLimits.Int64(3) == 1);
            rows.Add(new LimitRow(entry, selectLimits.TextOrNull(4)));
        }

        return rows;
    }

    public List<QueueRow> Queues()
    {
        var rows = new List<QueueRow>();
        while (selectQueues.Step())
        {
            var entry = new QueueEntry(
                selectQueues.Text(1), ColumnJson.ReadQueue(selectQueues.Text(2)), selectQueues.Int64(3) == 1, selectQueues.Int64(4), selectQueues.Int64(5) == 1);
            var row = new QueueRow(selectQueues.Int64(0), entry, selectQueues.TextOrNull(6));
            for (var state = 0; state < row.Counts.Length; state++)
                row.Counts[state] = selectQueues.Int64(7 + state);
            rows.Add(row);
        }

        return rows;
    }

    public long LastQueue()
    {
        selectLast.Step();
        var last = selectLast.Int64(0);
        selectLast.Reset();
        return last;
    }

    public RetiredQueue? FindRetired(string name)
    {
        if (!selectRetired.Bind(1, name).Step())
            return null;
        var id = selectRetired.Int64(0);
        selectRetired.Reset();
        var jobs = new long[5];
        countStates.Bind(1, id);
        while (countStates.Step())
            jobs[countStates.Int32(0)] = countStates.Int64(1);
        return new RetiredQueue(id, jobs);
    }

    public List<(long QueueId, string Key, StoredLane Learned)> Lanes()
    {
        var lanes = new List<(long, string, StoredLane)>();
        while (selectPausedLanes.Step())
        {
            var learned = new StoredLane(selectPausedLanes.Int64(2), selectPausedLanes.DoubleOrNull(3), selectPausedLanes.Int64(4));
            lanes.Add((selectPausedLanes.Int64(0), selectPausedLanes.Text(1), learned));
        }

        return lanes;
    }

    public IEnumerable<(string Limit, string Key, StoredLimit State)> States()
    {
        while (selectStates.Step())
        {
            var state = new StoredLimit(
                selectStates.Int64(2), selectStates.Int64(3), selectStates.Double(4), selectStates.Int64(5), selectStates.Int64(6), selectStates.Int64(7) == 1);
            yield return (selectStates.Text(0), selectStates.Text(1), state);
        }
    }

    public IEnumerable<(string Limit, string Key, long At, int Weight)> Starts()
    {
        while (selectStarts.Step())
            yield return (selectStarts.Text(0), selectStarts.Text(1), selectStarts.Int64(2), selectStarts.Int32(3));
    }

    public int Write(DefinitionChange.LimitPut change)
    {
        var entry = change.Entry;
        return putLimit.Bind(1, entry.Name).Bind(2, ColumnJson.Write(entry.Definition)).Bind(3, entry.Revision).Bind(4, entry.FromConfiguration ? 1 : 0)
            .Bind(5, change.Declared).Run();
    }

    public int Write(DefinitionChange.LimitDeleted change) => deleteLimit.Bind(1, change.Name).Run();

    public int Write(DefinitionChange.QueuePut change)
    {
        var entry = change.Entry;
        return putQueue.Bind(1, change.Id).Bind(2, entry.Name).Bind(3, ColumnJson.Write(entry.Definition)).Bind(4, entry.Paused ? 1 : 0).Bind(5, entry.Revision)
            .Bind(6, entry.FromConfiguration ? 1 : 0).Bind(7, change.Declared).Run();
    }

    public int Write(DefinitionChange.QueueRetired change) => retireQueue.Bind(1, change.Id).Run();

    public int Write(DefinitionChange.QueueCounted change)
    {
        countQueue.Bind(1, change.Id);
        for (var state = 0; state < change.Jobs.Count; state++)
            countQueue.Bind(2 + state, change.Jobs[state]);
        return countQueue.Run();
    }

    public int Write(DefinitionChange.LaneLearned change)
    {
        var learned = change.Learned;
        return putPausedLane.Bind(1, change.QueueId).Bind(2, change.Key).Bind(3, learned.PausedUntil).Bind(4, learned.Pace).Bind(5, learned.SlowedAt).Run();
    }

    public int Write(DefinitionChange.LanesLifted change) => change.Key is { } key
        ? deletePausedLane.Bind(1, change.QueueId).Bind(2, key).Run()
        : deletePausedLanesOf.Bind(1, change.QueueId).Run();

    public int Write(DefinitionChange.LanesForgotten change) => deletePausedLanes.Bind(1, change.Now).Bind(2, change.Now - StoredLane.Memory).Run();

    public int Write(DefinitionChange.Probed change) => probeWrite.Bind(1, change.Now).Run();

    public void Dispose()
    {
        foreach (var statement in new[]
        {
            selectLimits, selectQueues, selectLast, selectRetired, selectStates, selectStarts, putLimit, putQueue, deleteLimit, retireQueue, countStates, countQueue,
            putPausedLane, deletePausedLane, deletePausedLanesOf, deletePausedLanes, selectPausedLanes, probeWrite,
        })
        {
            statement.Dispose();
        }
    }
}
