using JobService.Ledger;
using JobService.Ledger.Commands;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The database file as the writer uses it.</summary>
internal sealed class SqliteLedger(SqliteDatabase database, TimeProvider time, ILogger logger) : ILedgerDatabase
{
    private LaneCounting? counting;
    private bool isEntered;

    public string? Damage => database.Damage;

    public bool IsLapsed => false;

    public LedgerSession? Open(Func<ILedgerRows, StoreOpening?, LedgerSession> read, Action<CountLanes> count, Action lapsed)
    {
        try
        {
            var opening = isEntered ? null : database.Enter(time);
            var opened = Read(rows => read(rows, opening), count);
            isEntered = true;
            return opened;
        }
        catch (SqliteException error) when (!isEntered)
        {
            throw database.Unavailable(error);
        }
    }

    public bool FindsDamage(Exception error) => database.FindsDamage(error);

    public bool IsOfStorage(Exception error) => error is SqliteException
    {
        SqliteErrorCode: not (raw.SQLITE_ERROR or raw.SQLITE_TOOBIG or raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_MISUSE or raw.SQLITE_RANGE),
    };

    public void Dispose()
    {
        counting?.Dispose();
        database.Dispose();
    }

    private LedgerSession Read(Func<ILedgerRows, LedgerSession> read, Action<CountLanes> count)
    {
        counting?.Dispose();
        counting = new LaneCounting(database, logger);
        try
        {
            var opened = read(new SqliteRows(database.Connect()));
            counting.Start(opened.Memory, count);
            return opened;
        }
        catch
        {
            counting.Dispose();
            throw;
        }
    }
}
