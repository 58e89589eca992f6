using JobService.Ledger;
using JobService.Ledger.Commands;

namespace JobService.Storage;

/// <summary>What the writer needs of a database beside its rows.</summary>
internal interface ILedgerDatabase : IDisposable
{
    /// <summary>What is wrong with the data; null while nothing is known to be. From then on nothing more is written.</summary>
    string? Damage { get; }

    /// <summary>The open session can write nothing more: it has to be opened again.</summary>
    bool IsLapsed { get; }

    /// <summary>Connects, at the start and again after a failed turn, and has the rows read into memory.</summary>
    /// <param name="read">Reads the rows. The opening is null when the connection was only lost and the memory before it still applies.</param>
    /// <param name="count">Adds what was counted after the reading.</param>
    /// <param name="lapsed">Called, on any thread, when the session has lapsed.</param>
    /// <returns>Null while another node runs the ledger on this database.</returns>
    /// <exception cref="StorageUnavailableException">It cannot be opened, for a reason that an operator can remove.</exception>
    LedgerSession? Open(Func<ILedgerRows, StoreOpening?, LedgerSession> read, Action<CountLanes> count, Action lapsed);

    /// <summary>Records an error if it shows that the data is damaged.</summary>
    /// <returns>True when that was not known before.</returns>
    bool FindsDamage(Exception error);

    /// <summary>False for an error in a statement or a value, which says nothing about the database.</summary>
    bool IsOfStorage(Exception error);
}

/// <summary>The store has been opened, and nothing runs any more that an earlier opening has started.</summary>
/// <param name="Number">The number of this opening.</param>
/// <param name="LastStamp">The highest row number of any job or batch.</param>
/// <param name="Clock">Its time.</param>
/// <param name="Jumped">Ticks that store time has skipped: everything computed from it is moved along first.</param>
internal sealed record StoreOpening(long Number, long LastStamp, StoreClock Clock, long Jumped);
