using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>The row that store time goes on from, and what moves along when it jumps.</summary>
internal sealed class MemoryClock(MemoryDatabase database) : ClockChange.IWriter
{
    public int Write(ClockChange.Put change) => database.Clock.Put(default, change);

    public int Write(ClockChange.Moved change)
    {
        database.States.UpdateAll(put => new LimitStateChange.Put(put.Limit, put.Key, put.State with
        {
            TakenUntil = Later(put.State.TakenUntil),
            PausedUntil = Later(put.State.PausedUntil),
            PacedUntil = Later(put.State.PacedUntil),
            FactorAt = Later(put.State.FactorAt),
        }));
        var starts = database.Starts.Rows.ToList();
        database.Starts.DeleteAll((_, _) => true);
        starts.ForEach(start => database.Starts.Insert((start.Limit, start.Key, Later(start.At)), start with { At = Later(start.At) }));
        database.Lanes.UpdateAll(lane => lane with { Learned = lane.Learned with { PausedUntil = Later(lane.Learned.PausedUntil), SlowedAt = Later(lane.Learned.SlowedAt) } });
        database.Jobs.UpdateAll(Moved);
        database.Deliveries.UpdateAll(delivery => delivery.Row.State == DeliveryState.Pending ? delivery with { Row = delivery.Row with { NextAt = LaterIf(true, delivery.Row.NextAt) } } : null);
        return 0;

        StoredJob Moved(StoredJob stored)
        {
            var row = stored.Row;
            return stored with
            {
                Row = row with
                {
                    Job = row.Job with { ThrottledSince = LaterIf(row.State < JobState.Succeeded, row.Job.ThrottledSince) },
                    DueAt = LaterIf(row.State == JobState.Queued && !stored.IsDueOnWall, row.DueAt),
                    StartedAt = LaterIf(row.State == JobState.Running, row.StartedAt),
                },
            };
        }

        long? LaterIf(bool condition, long? moment) => condition && moment is { } given ? Later(given) : moment;

        // What is none, or lies beyond the last moment, stays.
        long Later(long moment) => moment >= 1 && moment <= DateTime.MaxValue.Ticks - change.Ticks ? moment + change.Ticks : moment;
    }
}
