using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Queues, limits and what the limits have handed out.</summary>
internal sealed class DefinitionRows(sqlite3 database) : IDefinitionRows, IDisposable
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
        INSERT INTO queues (name, definition, paused, revision, from_configuration, declared) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (name) DO UPDATE SET definition = ?2, paused = ?3, revision = ?4, from_configuration = ?5, declared = ?6, deleted = 0
        RETURNING id
        """);

    private readonly SqliteStatement deleteLimit = new(database, "DELETE FROM limits WHERE name = ?1");
    private readonly SqliteStatement retireQueue = new(database, "UPDATE queues SET deleted = 1 WHERE id = ?1");
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

    // Another value than stands there: SQLite writes no page for an update that changes nothing.
    private readonly SqliteStatement probeWrite = new(database, "UPDATE opens SET opened_at = max(opened_at + 1, ?1) WHERE id = (SELECT max(id) FROM opens)");

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

    public void Put(LimitEntry entry, string? declared) =>
        putLimit.Bind(1, entry.Name).Bind(2, ColumnJson.Write(entry.Definition)).Bind(3, entry.Revision).Bind(4, entry.FromConfiguration ? 1 : 0)
            .Bind(5, declared).Run();

    public long Put(QueueEntry entry, string? declared)
    {
        putQueue.Bind(1, entry.Name).Bind(2, ColumnJson.Write(entry.Definition)).Bind(3, entry.Paused ? 1 : 0).Bind(4, entry.Revision)
            .Bind(5, entry.FromConfiguration ? 1 : 0).Bind(6, declared).Step();
        var id = putQueue.Int64(0);
        putQueue.Run();
        return id;
    }

    public void DeleteLimit(string name) => deleteLimit.Bind(1, name).Run();

    /// <summary>The row stays for the finished jobs that name it; a PUT of the same name takes it up again.</summary>
    public void RetireQueue(long id)
    {
        retireQueue.Bind(1, id).Run();
        ResumeLanes(id, key: null);
    }

    /// <summary>Counts what a queue of the same name has left behind.</summary>
    public QueueRow Count(QueueRow queue)
    {
        countStates.Bind(1, queue.Id);
        while (countStates.Step())
            queue.Counts[countStates.Int32(0)] = countStates.Int64(1);
        queue.CountsChanged = true;
        return queue;
    }

    public void WriteCounts(QueueRow queue) =>
        countQueue.Bind(1, queue.Id).Bind(2, queue.Counts[0]).Bind(3, queue.Counts[1]).Bind(4, queue.Counts[2]).Bind(5, queue.Counts[3])
            .Bind(6, queue.Counts[4]).Run();

    public void PutLane(long queueId, string key, StoredLane learned) =>
        putPausedLane.Bind(1, queueId).Bind(2, key).Bind(3, learned.PausedUntil).Bind(4, learned.Pace).Bind(5, learned.SlowedAt).Run();

    /// <summary>The pause of one key, or of all, is lifted.</summary>
    public void ResumeLanes(long queueId, string? key)
    {
        if (key is null)
            deletePausedLanesOf.Bind(1, queueId).Run();
        else
            deletePausedLane.Bind(1, queueId).Bind(2, key).Run();
    }

    public List<(long QueueId, string Key, StoredLane Learned)> Lanes(long now)
    {
        deletePausedLanes.Bind(1, now).Bind(2, now - StoredLane.Memory).Run();
        var lanes = new List<(long, string, StoredLane)>();
        while (selectPausedLanes.Step())
        {
            var learned = new StoredLane(selectPausedLanes.Int64(2), selectPausedLanes.DoubleOrNull(3), selectPausedLanes.Int64(4));
            lanes.Add((selectPausedLanes.Int64(0), selectPausedLanes.Text(1), learned));
        }

        return lanes;
    }

    /// <summary>Notes that the file is open at this moment: whether it can be written is known only by writing.</summary>
    public void ProbeWrite(long now) => probeWrite.Bind(1, now).Run();

    public void Dispose()
    {
        foreach (var statement in new[]
        {
            selectLimits, selectQueues, putLimit, putQueue, deleteLimit, retireQueue, countStates, countQueue,
            putPausedLane, deletePausedLane, deletePausedLanesOf, deletePausedLanes, selectPausedLanes, probeWrite,
        })
        {
            statement.Dispose();
        }
    }
}
