using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Stores what the limits have handed out and learned: one row per state, and for windows the log of starts.</summary>
internal sealed class LimitStateRows(sqlite3 database) : LimitStateChange.IWriter, IDisposable
{
    private readonly SqliteStatement putState = new(database, """
        INSERT INTO limit_states (name, key, taken_until, paused_until, factor, factor_at, paced_until, is_quick) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (name, key) DO UPDATE SET taken_until = ?3, paused_until = ?4, factor = ?5, factor_at = ?6, paced_until = ?7, is_quick = ?8
        """);

    private readonly SqliteStatement putStart = new(database, """
        INSERT INTO window_starts (name, key, at, weight) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name, key, at) DO UPDATE SET weight = ?4
        """);

    private readonly SqliteStatement deleteStart = new(database, "DELETE FROM window_starts WHERE name = ?1 AND key = ?2 AND at = ?3");
    private readonly SqliteStatement deleteStartsBefore = new(database, "DELETE FROM window_starts WHERE name = ?1 AND key = ?2 AND at < ?3");
    private readonly SqliteStatement deleteStates = new(database, "DELETE FROM limit_states WHERE name = ?1");
    private readonly SqliteStatement deleteStarts = new(database, "DELETE FROM window_starts WHERE name = ?1");
    private readonly SqliteStatement deleteState = new(database, "DELETE FROM limit_states WHERE name = ?1 AND key = ?2");

    public int Write(LimitStateChange.Put change)
    {
        var state = change.State;
        return putState.Bind(1, change.Limit).Bind(2, change.Key).Bind(3, state.TakenUntil).Bind(4, state.PausedUntil).Bind(5, state.Factor)
            .Bind(6, state.FactorAt).Bind(7, state.PacedUntil).Bind(8, state.IsQuick ? 1 : 0).Run();
    }

    public int Write(LimitStateChange.Logged change)
    {
        foreach (var (at, weight) in change.Starts)
        {
            if (weight > 0)
                putStart.Bind(1, change.Limit).Bind(2, change.Key).Bind(3, at).Bind(4, weight).Run();
            else
                deleteStart.Bind(1, change.Limit).Bind(2, change.Key).Bind(3, at).Run();
        }

        return deleteStartsBefore.Bind(1, change.Limit).Bind(2, change.Key).Bind(3, change.OldestNeeded).Run();
    }

    public int Write(LimitStateChange.AllDeleted change)
    {
        deleteStates.Bind(1, change.Limit).Run();
        return deleteStarts.Bind(1, change.Limit).Run();
    }

    public int Write(LimitStateChange.Deleted change) => deleteState.Bind(1, change.Limit).Bind(2, change.Key).Run();

    public int Write(LimitStateChange.StartDeleted change) => deleteStart.Bind(1, change.Limit).Bind(2, change.Key).Bind(3, change.At).Run();

    public void Dispose()
    {
        foreach (var statement in new[] { putState, putStart, deleteStart, deleteStartsBefore, deleteStates, deleteStarts, deleteState })
            statement.Dispose();
    }
}
