using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Rows of keys whose limits have come to rest say nothing any more. They are looked for on a walk through the tables, a few at a time.</summary>
internal sealed class RestingRows(sqlite3 database) : IRestingRows, IDisposable
{
    private readonly SqliteStatement selectStates = new(database, """
        SELECT name, key, max(taken_until, paused_until, paced_until, factor_at) FROM limit_states WHERE (name, key) > (?1, ?2) ORDER BY name, key LIMIT ?3
        """);

    private readonly SqliteStatement selectStarts = new(database, """
        SELECT name, key, at FROM window_starts WHERE (name, key, at) > (?1, ?2, ?3) ORDER BY name, key, at LIMIT ?4
        """);

    private readonly SqliteStatement deleteState = new(database, "DELETE FROM limit_states WHERE name = ?1 AND key = ?2");
    private readonly SqliteStatement deleteStart = new(database, "DELETE FROM window_starts WHERE name = ?1 AND key = ?2 AND at = ?3");

    private (string Name, string Key) lastState = ("", "");
    private (string Name, string Key, long At) lastStart = ("", "", 0);

    /// <param name="restedBefore">States that nothing has touched since.</param>
    /// <param name="atMost">Rows looked at.</param>
    /// <returns>How many were deleted.</returns>
    public int DeleteStates(long restedBefore, int atMost)
    {
        var looked = new List<(string Name, string Key, long Until)>();
        selectStates.Bind(1, lastState.Name).Bind(2, lastState.Key).Bind(3, atMost);
        while (selectStates.Step())
            looked.Add((selectStates.Text(0), selectStates.Text(1), selectStates.Int64(2)));

        lastState = looked.Count < atMost ? ("", "") : (looked[^1].Name, looked[^1].Key);
        var resting = looked.FindAll(state => state.Until < restedBefore);
        foreach (var (name, key, _) in resting)
            deleteState.Bind(1, name).Bind(2, key).Run();
        return resting.Count;
    }

    /// <param name="neededSince">From when on a limit's log is needed.</param>
    /// <param name="atMost">Rows looked at.</param>
    /// <returns>How many were deleted.</returns>
    public int DeleteStarts(Func<string, long> neededSince, int atMost)
    {
        var looked = new List<(string Name, string Key, long At)>();
        selectStarts.Bind(1, lastStart.Name).Bind(2, lastStart.Key).Bind(3, lastStart.At).Bind(4, atMost);
        while (selectStarts.Step())
            looked.Add((selectStarts.Text(0), selectStarts.Text(1), selectStarts.Int64(2)));

        lastStart = looked.Count < atMost ? ("", "", 0) : looked[^1];
        var old = looked.FindAll(start => start.At < neededSince(start.Name));
        foreach (var (name, key, at) in old)
            deleteStart.Bind(1, name).Bind(2, key).Bind(3, at).Run();
        return old.Count;
    }

    public void Dispose()
    {
        foreach (var statement in new[] { selectStates, selectStarts, deleteState, deleteStart })
            statement.Dispose();
    }
}
