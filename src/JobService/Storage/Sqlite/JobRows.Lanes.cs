using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>Which lanes there are at the start.</summary>
internal sealed partial class JobRows
{
    /// <summary>Jobs that may go.</summary>
    public const string FromLanes = "FROM jobs INDEXED BY jobs_ready WHERE state = 0 AND due_at IS NULL AND parked IS NULL";

    /// <summary>Jobs from which on a lane is not counted at once.</summary>
    private const int LongLane = 16;

    /// <summary>Jobs that are always counted, whatever lanes they stand in: some 20 ms.</summary>
    private const int AlwaysWalked = 50_000;

    private readonly SqliteStatement selectQueues = new(database, "SELECT id FROM queues WHERE deleted = 0");

    private readonly SqliteStatement selectLanes = new(database, $"SELECT key {FromLanes} AND queue_id = ?1 ORDER BY key");

    // Not (queue_id, key) > (?1, ?2): that would walk over the lane it is to leave out.
    private readonly SqliteStatement selectLanesBehind = new(database, $"SELECT key {FromLanes} AND queue_id = ?1 AND key > ?2 ORDER BY key");

    /// <remarks>Ten million rows take seconds to walk over: once so many have been, a lane is left as soon as it is known to be a long one, and the next one is looked up.</remarks>
    public List<LaneFound> Lanes()
    {
        var lanes = new List<LaneFound>();
        var walked = 0;
        foreach (var queueId in Stamps(selectQueues))
            AddLanes(queueId, lanes, ref walked);
        return lanes;
    }

    private void AddLanes(long queueId, List<LaneFound> lanes, ref int walked)
    {
        string? lane = null;
        var jobs = 0;
        var rows = selectLanes.Bind(1, queueId);
        while (rows.Step())
        {
            walked++;
            if (rows.Text(0) is var key && key != lane)
            {
                if (jobs > 0)
                    lanes.Add(new LaneFound(queueId, lane!, jobs, IsCounted: true));
                (lane, jobs) = (key, 0);
            }

            if (++jobs < LongLane || walked < AlwaysWalked)
                continue;
            lanes.Add(new LaneFound(queueId, lane!, jobs, IsCounted: false));
            rows.Reset();
            rows = selectLanesBehind.Bind(1, queueId).Bind(2, lane);
            jobs = 0;
        }

        if (jobs > 0)
            lanes.Add(new LaneFound(queueId, lane!, jobs, IsCounted: true));
    }
}
