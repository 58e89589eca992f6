using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>What the memory is made of, at an opening.</summary>
internal sealed class LoadedRows(NpgsqlConnection connection) : IJobRows, IParkedRows, IDefinitionRows, IBatchRows, IDeliveryRows
{
    public List<LimitRow> Limits() => Read(
        "SELECT name, definition, revision, from_configuration, declared FROM limits",
        row => new LimitRow(new LimitEntry(row.GetString(0), ColumnJson.ReadLimit(row.GetString(1)), row.GetInt64(2), row.GetBoolean(3)), row.TextOrNull(4)));

    public List<QueueRow> Queues() => Read(
        """
        SELECT q.id, q.name, q.definition, q.paused, q.revision, q.from_configuration, q.declared,
               COALESCE(c.queued_count, 0), COALESCE(c.running_count, 0), COALESCE(c.succeeded_count, 0), COALESCE(c.failed_count, 0), COALESCE(c.cancelled_count, 0)
        FROM   queues q LEFT JOIN queue_counts c ON c.queue_id = q.id WHERE NOT q.deleted
        """,
        row =>
        {
            var entry = new QueueEntry(row.GetString(1), ColumnJson.ReadQueue(row.GetString(2)), row.GetBoolean(3), row.GetInt64(4), row.GetBoolean(5));
            var queue = new QueueRow(row.GetInt64(0), entry, row.TextOrNull(6));
            for (var state = 0; state < queue.Counts.Length; state++)
                queue.Counts[state] = row.GetInt64(7 + state);
            return queue;
        });

    public long LastQueue() => One("SELECT max(id) FROM queues") ?? 0;

    List<(long QueueId, string Key, StoredLane Learned)> IDefinitionRows.Lanes() => Read(
        "SELECT p.queue_id, p.key, p.paused_until, p.pace, p.slowed_at FROM paused_lanes p JOIN queues q ON q.id = p.queue_id AND NOT q.deleted",
        row => (row.GetInt64(0), row.GetString(1), new StoredLane(row.GetInt64(2), row.IsDBNull(3) ? null : row.GetDouble(3), row.GetInt64(4))));

    public IEnumerable<(string Limit, string Key, StoredLimit State)> States() => Read(
        "SELECT name, key, taken_until, paused_until, factor, factor_at, paced_until, is_quick FROM limit_states",
        row => (row.GetString(0), row.GetString(1), new StoredLimit(row.GetInt64(2), row.GetInt64(3), row.GetDouble(4), row.GetInt64(5), row.GetInt64(6), row.GetBoolean(7))));

    public IEnumerable<(string Limit, string Key, long At, int Weight)> Starts() => Read(
        "SELECT name, key, at, weight FROM window_starts ORDER BY name, key, at", row => (row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt32(3)));

    public List<long> Running() => Read("SELECT stamp FROM active_jobs WHERE state = 1 ORDER BY stamp", row => row.GetInt64(0));

    /// <summary>All of them are counted: an index that has nothing but these jobs is read for it.</summary>
    IEnumerable<LaneFound> IJobRows.Lanes() => Read(
        "SELECT queue_id, key, count(*) FROM active_jobs WHERE due_at IS NULL AND parked IS NULL AND state = 0 GROUP BY queue_id, key ORDER BY queue_id, key",
        row => new LaneFound(row.GetInt64(0), row.GetString(1), (int)row.GetInt64(2), IsCounted: true));

    public long? NextDue() => One("SELECT min(due_at) FROM active_jobs WHERE due_at IS NOT NULL AND NOT due_on_wall");

    public long? NextDueOnWall() => One("SELECT min(due_at) FROM active_jobs WHERE due_at IS NOT NULL AND due_on_wall");

    public long? NextDeadline() => One("SELECT min(start_before) FROM active_jobs WHERE start_before IS NOT NULL AND state = 0");

    public List<(string Lock, (long QueueId, string Key) Lane, int Count)> LockQueues() => Read(
        "SELECT lock, queue_id, key, count(*) FROM active_jobs WHERE parked = 0 AND state = 0 AND due_at IS NULL GROUP BY lock, queue_id, key",
        row => (row.GetString(0), (row.GetInt64(1), row.GetString(2)), (int)row.GetInt64(3)));

    public List<(string Name, long SetCount, long? SetAt, bool IsReleasing)> Signals() => Read(
        """
        SELECT s.name, s.set_count, s.set_at, EXISTS (SELECT 1 FROM active_jobs a WHERE a.parked > 0 AND a.state = 0 AND a.signal = s.name AND a.parked <= s.set_count) FROM signals s
        """,
        row => (row.GetString(0), row.GetInt64(1), row.Int64OrNull(2), row.GetBoolean(3)));

    public List<long> Open() => Read("SELECT stamp FROM batches WHERE is_open ORDER BY stamp", row => row.GetInt64(0));

    public List<long> Stopping() => Read("SELECT stamp FROM batches WHERE stop_from IS NOT NULL ORDER BY stamp", row => row.GetInt64(0));

    public long Last() => One("SELECT max(stamp) FROM deliveries") ?? 0;

    private long? One(string sql) => Read(sql, row => row.Int64OrNull(0))[0];

    private List<T> Read<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        using var select = new NpgsqlCommand(sql, connection) { CommandTimeout = 60 };
        using var row = select.ExecuteReader();
        var rows = new List<T>();
        while (row.Read())
            rows.Add(read(row));
        return rows;
    }
}
