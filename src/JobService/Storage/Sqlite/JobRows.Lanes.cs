using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>Finds the lanes at the start.</summary>
internal sealed partial class JobRows
{
    /// <summary>Jobs that may start.</summary>
    public const string FromLanes = "FROM jobs INDEXED BY jobs_ready WHERE state = 0 AND due_at IS NULL AND parked IS NULL";

    /// <summary>A lane with this many jobs is not counted at once.</summary>
    private const int LongLane = 16;

    /// <summary>Jobs that are always counted, whatever their lanes: about 20 ms.</summary>
    private const int AlwaysWalked = 50_000;

    private readonly SqliteStatement selectQueues = new(database, "SELECT id FROM queues WHERE deleted = 0");

    private readonly SqliteStatement selectLanes = new(database, $"SELECT key {FromLanes} AND queue_id = ?1 ORDER BY key");

    // Not (queue_id, key) > (?1, ?2): that would scan the lane to be skipped.
    private readonly SqliteStatement selectLanesBehind = new(database, $"SELECT key {FromLanes} AND queue_id = ?1 AND key > ?2 ORDER BY key");

    /// <remarks>
    /// Ten million rows take seconds to scan: after the first ones, a lane is left as soon as it is known to be long, and the next one is looked up. A key becomes a
    /// string once for its lane, not for each job.
    /// </remarks>
    public IEnumerable<LaneFound> Lanes()
    {
        var walked = 0;
        foreach (var queueId in Stamps(selectQueues))
        {
            string? lane = null;
            byte[] key = [];
            var jobs = 0;
            var rows = selectLanes.Bind(1, queueId);
            while (rows.Step())
            {
                walked++;
                if (lane is null || !rows.Bytes(0).SequenceEqual(key))
                {
                    if (jobs > 0)
                        yield return new LaneFound(queueId, lane!, jobs, IsCounted: true);
                    (lane, key, jobs) = (rows.Text(0), rows.Blob(0), 0);
                }

                if (++jobs < LongLane || walked < AlwaysWalked)
                    continue;
                yield return new LaneFound(queueId, lane, jobs, IsCounted: false);
                rows.Reset();
                rows = selectLanesBehind.Bind(1, queueId).Bind(2, lane);
                jobs = 0;
            }

            if (jobs > 0)
                yield return new LaneFound(queueId, lane!, jobs, IsCounted: true);
        }
    }
}
