using System.Collections.Concurrent;
using JobService.Jobs;
using Microsoft.Data.Sqlite;

namespace JobService.Storage.Sqlite;

/// <summary>Connections for reads next to the writer: in WAL mode they see the last commit without waiting for the next.</summary>
/// <remarks>Reads of many rows have their own connections, and yield after each chunk: a read of one job never waits for a list of a million.</remarks>
internal sealed class ReadConnections(SqliteDatabase database) : IDisposable
{
    private readonly Pool single = new(database, most: 4);
    private readonly Pool scans = new(database, most: 2);
    private readonly Pool looks = new(database, most: 1);

    /// <summary>A short read: of one job, one batch, one page of results.</summary>
    /// <exception cref="StorageUnavailableException">The database could not be read.</exception>
    public Task<T> ReadAsync<T>(Func<SqliteConnection, T> read, CancellationToken hangUp = default) => single.ReadAsync(read, hangUp);

    /// <summary>A chunk of a read of unknown size.</summary>
    /// <exception cref="StorageUnavailableException">The database could not be read.</exception>
    public Task<T> ScanAsync<T>(Func<SqliteConnection, T> chunk, CancellationToken hangUp = default) => scans.ReadAsync(Long(chunk), hangUp);

    /// <summary>Reads a large value as a whole: one at a time, because all of it is in memory.</summary>
    /// <exception cref="StorageUnavailableException">The database could not be read.</exception>
    public Task<T> LookAsync<T>(Func<SqliteConnection, T> look, CancellationToken hangUp = default) => looks.ReadAsync(Long(look), hangUp);

    public void Dispose()
    {
        single.Dispose();
        scans.Dispose();
        looks.Dispose();
    }

    private static Func<SqliteConnection, T> Long<T>(Func<SqliteConnection, T> read) => connection =>
    {
        using var busy = BusyThread.Enter();
        return read(connection);
    };

    private sealed class Pool(SqliteDatabase database, int most) : IDisposable
    {
        private readonly ConcurrentBag<SqliteConnection> idle = [];
        private readonly SemaphoreSlim free = new(most);

        public async Task<T> ReadAsync<T>(Func<SqliteConnection, T> read, CancellationToken hangUp)
        {
            await free.WaitAsync(hangUp);
            try
            {
                if (!idle.TryTake(out var connection))
                    connection = database.Connect();
                var result = read(connection);
                idle.Add(connection); // one that failed is not used again
                return result;
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
}
