using System.Runtime.CompilerServices;
using Dapper;
using Microsoft.Data.Sqlite;

namespace JobService.Storage.Sqlite;

/// <summary>Reads that stay compiled on their connection: compiling the read of one job costs more than running it.</summary>
internal static class PreparedReads
{
    /// <summary>A connection is used by one thread at a time, and closes its commands.</summary>
    private static readonly ConditionalWeakTable<SqliteConnection, Dictionary<string, SqliteCommand>> commands = [];

    /// <param name="connection">The connection.</param>
    /// <param name="sql">One of few texts, always with the same parameters.</param>
    /// <param name="values">Values of the parameters by name.</param>
    public static List<T> Read<T>(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, long Value)> values)
    {
        var own = commands.GetOrCreateValue(connection);
        if (!own.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            command.Prepare();
            own.Add(sql, command);
        }

        command.Parameters.Clear();
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);

        using var reader = command.ExecuteReader();
        var row = reader.GetRowParser<T>();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(row(reader));
        return rows;
    }
}
