using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace JobService.Storage.Sqlite;

/// <summary>Connections for short reads beside the writer: WAL lets them see the last commit without waiting for the next.</summary>
internal sealed class ReadConnections(SqliteDatabase database) : IDisposable
{
    private const int Most = 4;

    private readonly ConcurrentBag<SqliteConnection> idle = [];
    private readonly SemaphoreSlim free = new(Most);

    /// <exception cref="StorageUnavailableException">The database could not be read.</exception>
    public async Task<T> ReadAsync<T>(Func<SqliteConnection, T> read)
    {
        await free.WaitAsync();
        try
        {
            if (!idle.TryTake(out var connection))
                connection = database.Connect();
            var answer = read(connection);
            idle.Add(connection); // one that failed is not used again
            return answer;
        }
        catch (SqliteException error)
        {
            database.FindsDamage(error);
            throw new StorageUnavailableException(error.Message, error);
        }
        finally
        {
            free.Release();
        }
    }

    public void Dispose()
    {
        while (idle.TryTake(out var connection))
            connection.Dispose();
        free.Dispose();
    }
}
