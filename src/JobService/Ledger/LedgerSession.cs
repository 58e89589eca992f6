using Microsoft.Extensions.Logging;

namespace JobService.Ledger;

/// <summary>A connection to a database, and the memory read from its rows. Discarded as a whole when a turn fails.</summary>
internal sealed class LedgerSession : IDisposable
{
    private readonly ILedgerRows rows;
    private readonly LeaseSource leases;

    private LedgerSession(ILedgerRows rows, LeaseSource leases)
    {
        this.rows = rows;
        this.leases = leases;
        Memory = new LedgerMemory { Number = leases.Next() };
    }

    public LedgerMemory Memory { get; }

    /// <param name="rows">A connection, which the session disposes, also when the opening fails.</param>
    /// <param name="leases">Tokens of this opening.</param>
    /// <param name="now">Ticks of store time.</param>
    /// <param name="former">The memory before a failed turn; null at the first opening: then the running attempts ended with the last process.</param>
    /// <param name="logger">Logs what was recovered.</param>
    /// <param name="first">Committed before anything is read.</param>
    public static LedgerSession Open(ILedgerRows rows, LeaseSource leases, long now, LedgerMemory? former, ILogger logger, Action<Turn>? first = null)
    {
        var session = new LedgerSession(rows, leases);
        try
        {
            if (first is not null)
                session.Make(first, now);
            var turn = session.Begin(now);
            var unfinished = Loading.Load(turn, session.rows);
            if (former is null)
                Loading.FreeRunning(turn, unfinished, logger);
            else
                Loading.KeepRunning(turn, unfinished, former);
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
        Memory.LastHandedOut = leases.Last;
        rows.Begin();
        return turn;
    }

    public void Commit(Turn turn)
    {
        turn.WriteBack();
        rows.Commit();
        Memory.LastHandedOut = long.MaxValue;
        Memory.Planner.EndTurn();
    }

    private void Make(Action<Turn> change, long now)
    {
        var turn = Begin(now);
        change(turn);
        Commit(turn);
    }

    /// <summary>The jobs that a committed turn has claimed.</summary>
    public List<ClaimedJob> HandOut(Turn turn, Claims claims) => claims.HandOut(turn, rows);

    /// <summary>A turn that reads only the memory, without a transaction.</summary>
    public Turn Ask(long now) => new(Memory, rows, leases, now);

    public void Dispose() => rows.Dispose();
}
