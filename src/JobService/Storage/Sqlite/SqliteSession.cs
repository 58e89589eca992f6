using JobService.Ledger;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>The writer's connection with its statements and the memory read from its rows. Thrown away as a whole when a turn fails.</summary>
internal sealed class SqliteSession : IDisposable
{
    private const int BusyMilliseconds = 1_000;

    private readonly SqliteConnection connection;
    private readonly SqliteStatement begin;
    private readonly SqliteStatement commit;
    private readonly SqliteRows rows;
    private readonly LeaseSource leases;

    private SqliteSession(SqliteConnection connection, LeaseSource leases)
    {
        this.connection = connection;
        this.leases = leases;
        Memory = new LedgerMemory { Number = leases.Next() };
        var handle = connection.Handle!;
        // Nobody else is to write the file: whoever does is not waited for longer than clients wait for their answer.
        _ = raw.sqlite3_busy_timeout(handle, BusyMilliseconds);
        begin = new SqliteStatement(handle, "BEGIN IMMEDIATE");
        commit = new SqliteStatement(handle, "COMMIT");
        rows = new SqliteRows(handle);
    }

    public LedgerMemory Memory { get; }

    /// <param name="database">The file.</param>
    /// <param name="leases">Tokens of this opening.</param>
    /// <param name="now">Ticks of store time.</param>
    /// <param name="former">The memory before a failed turn; null at the first opening: then whoever is running died with the last process.</param>
    /// <param name="logger">Tells what was recovered.</param>
    /// <param name="first">Done before anything is read.</param>
    public static SqliteSession Open(SqliteDatabase database, LeaseSource leases, long now, LedgerMemory? former, ILogger logger, Action<Turn>? first = null)
    {
        var session = new SqliteSession(database.Connect(), leases);
        try
        {
            var turn = session.Begin(now);
            first?.Invoke(turn);
            Loading.Load(turn);
            if (former is null)
                Loading.FreeRunning(turn, logger);
            else
                Loading.KeepRunning(turn, former);
            turn.Memory.Locks.OfferFree(turn.Now);
            session.Commit(turn);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Begins a transaction. One that is not committed leaves the session unfit for another.</summary>
    public Turn Begin(long now)
    {
        var turn = new Turn(Memory, rows, leases, now);
        Memory.Ending.Clear();
        begin.Run();
        return turn;
    }

    public void Commit(Turn turn)
    {
        turn.WriteBack();
        commit.Run();
        Memory.Planner.EndTurn();
    }

    /// <summary>A look at the memory, without a transaction.</summary>
    public Turn Ask(long now) => new(Memory, rows, leases, now);

    public void Dispose()
    {
        rows.Dispose();
        begin.Dispose();
        commit.Dispose();
        connection.Dispose(); // rolls back what is open
    }
}
