using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>Connections for reads, from the pool.</summary>
internal sealed class PostgresConnections(PostgresDatabase database) : IDisposable
{
    /// <exception cref="StorageUnavailableException">The database could not be read.</exception>
    public async Task<T> ReadAsync<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken hangUp = default)
    {
        try
        {
            await using var connection = await database.ConnectAsync(hangUp);
            return await read(connection);
        }
        catch (Exception error) when (error is NpgsqlException && PostgresDatabase.IsOfStorage(error))
        {
            throw new StorageUnavailableException(error.Message, error);
        }
    }

    /// <summary>The database closes them.</summary>
    public void Dispose()
    {
    }
}
