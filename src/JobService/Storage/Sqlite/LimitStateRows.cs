using JobService.Lanes;
using JobService.Ledger;
using JobService.Limits;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>What the limits have handed out and learned: one row a state, and for windows the log of their starts.</summary>
internal sealed class LimitStateRows(sqlite3 database) : ILimitStateRows, IDisposable
{
    private static readonly StoredLimit AsNew = new(0, 0, 1, 0, 0);

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
    private readonly SqliteStatement selectStates = new(database, "SELECT name, key, taken_until, paused_until, factor, factor_at, paced_until, is_quick FROM limit_states");
    private readonly SqliteStatement selectStarts = new(database, "SELECT name, key, at, weight FROM window_starts ORDER BY name, key, at");

    public void Put(LimitLine line)
    {
        if (line.State is WindowLimit window)
            PutStarts(line, window);

        // What is as if new needs no row, unless one says otherwise.
        var stored = line.State.ToStored();
        if (stored == AsNew && !line.IsStored)
            return;
        line.IsStored = true;
        putState.Bind(1, line.Limit.Name).Bind(2, line.Key).Bind(3, stored.TakenUntil).Bind(4, stored.PausedUntil).Bind(5, stored.Factor)
            .Bind(6, stored.FactorAt).Bind(7, stored.PacedUntil).Bind(8, stored.IsQuick ? 1 : 0).Run();
    }

    public void DeleteAll(string limit)
    {
        deleteStates.Bind(1, limit).Run();
        deleteStarts.Bind(1, limit).Run();
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

    public void Dispose()
    {
        foreach (var statement in new[] { putState, putStart, deleteStart, deleteStartsBefore, deleteStates, deleteStarts, selectStates, selectStarts })
            statement.Dispose();
    }

    private void PutStarts(LimitLine line, WindowLimit window)
    {
        foreach (var (at, weight) in window.TakeChanges())
        {
            if (weight > 0)
                putStart.Bind(1, line.Limit.Name).Bind(2, line.Key).Bind(3, at).Bind(4, weight).Run();
            else
                deleteStart.Bind(1, line.Limit.Name).Bind(2, line.Key).Bind(3, at).Run();
        }

        deleteStartsBefore.Bind(1, line.Limit.Name).Bind(2, line.Key).Bind(3, window.OldestNeeded).Run();
    }
}
