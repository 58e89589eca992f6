using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Stores the clock, and moves everything that is computed from it when it jumps.</summary>
internal sealed class ClockRows(sqlite3 database) : ClockChange.IWriter, IDisposable
{
    /// <summary>A later value is not a time: moved, it would overflow.</summary>
    private static readonly long lastMoment = DateTime.MaxValue.Ticks;

    private readonly SqliteStatement put = new(database, """
        INSERT INTO clock (id, store_time, wall_time, stopwatch, boot_id) VALUES (1, ?1, ?2, ?3, ?4)
        ON CONFLICT (id) DO UPDATE SET store_time = ?1, wall_time = ?2, stopwatch = ?3, boot_id = ?4
        """);

    private readonly sqlite3 database = database;

    public int Write(ClockChange.Put change)
    {
        var clock = change.Clock;
        return put.Bind(1, clock.StoreTime).Bind(2, clock.WallTime).Bind(3, clock.Stopwatch).Bind(4, clock.BootId).Run();
    }

    public int Write(ClockChange.Moved change)
    {
        var ticks = change.Ticks;
        Move("limit_states", "taken_until", ticks);
        Move("limit_states", "paused_until", ticks);
        Move("limit_states", "paced_until", ticks);
        Move("limit_states", "factor_at", ticks);
        // In two steps: otherwise one row would collide with the next, which has not moved yet.
        Run("UPDATE window_starts SET at = -(at + ?1) WHERE at BETWEEN 1 AND ?2", ticks);
        Run("UPDATE window_starts SET at = -at WHERE at < 0 AND ?1 = ?1 AND ?2 = ?2", ticks);
        Move("paused_lanes", "paused_until", ticks);
        Move("paused_lanes", "slowed_at", ticks);
        Move("jobs", "due_at", ticks, "state = 0 AND due_on_wall IS NULL");
        Move("jobs", "started_at", ticks, "state = 1"); // lost with the last process, and still counted by its API
        Move("jobs", "throttled_since", ticks, "state < 2");
        Move("deliveries", "next_at", ticks, "state = 0");
        return 0;
    }

    public void Dispose() => put.Dispose();

    private void Move(string table, string column, long ticks, string condition = "1") =>
        Run($"UPDATE {table} SET {column} = {column} + ?1 WHERE {column} BETWEEN 1 AND ?2 AND {condition}", ticks);

    private void Run(string sql, long ticks)
    {
        using var statement = new SqliteStatement(database, sql);
        statement.Bind(1, ticks).Bind(2, lastMoment - ticks).Run();
    }
}
