using JobService.Jobs;
using JobService.Ledger;
using JobService.Ledger.Commands;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>The database as the writer uses it: under a term, which every opening takes first. What a turn of an unknown outcome has done is certain after that.</summary>
internal sealed class PostgresLedger(PostgresDatabase database, TimeProvider time, ILogger logger) : ILedgerDatabase
{
    private readonly Term term = new(database, TimeProvider.System, logger);

    public string? Damage => null;

    public bool IsLapsed => !term.IsHeld;

    public LedgerSession? Open(Func<ILedgerRows, StoreOpening?, LedgerSession> read, Action<CountLanes> count, Action lapsed)
    {
        if (term.Take(lapsed) is not { } isNew)
            return null;
        var connection = database.Connect();
        try
        {
            return read(new PostgresRows(connection, term), isNew ? Opening(connection) : null);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public bool FindsDamage(Exception error) => false;

    public bool IsOfStorage(Exception error) => PostgresDatabase.IsOfStorage(error);

    public void Dispose()
    {
        term.Dispose();
        database.Dispose();
    }

    private StoreOpening Opening(NpgsqlConnection connection)
    {
        using var select = new NpgsqlCommand("""
            SELECT COALESCE(GREATEST((SELECT max(stamp) FROM active_jobs), (SELECT max(stamp) FROM ended_jobs), (SELECT max(stamp) FROM batches)), 0),
                   store_time, wall_time, stopwatch, boot_id
            FROM   (VALUES (1)) one LEFT JOIN clock ON true
            """, connection);
        using var row = select.ExecuteReader();
        row.Read();
        var lastStamp = row.GetInt64(0);
        var lastCreated = DateTimeOffset.FromUnixTimeMilliseconds(lastStamp >> JobId.CounterBits);
        var (clock, jumped) = row.IsDBNull(1)
            ? (new StoreClock(time, lastCreated.UtcTicks), 0)
            : StoreClock.GoOn(time, new StoredClock(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetString(4)));
        return new StoreOpening(term.Epoch, lastStamp, clock, jumped);
    }
}
