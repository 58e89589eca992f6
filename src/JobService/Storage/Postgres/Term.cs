using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JobService.Storage.Postgres;

/// <summary>The right to run the ledger: one row of the database, taken with a higher epoch, and renewed once a second. Each turn checks that the epoch is still its own.</summary>
/// <param name="database">The database.</param>
/// <param name="time">Its monotonic clock only; the clock of the term itself is the database's.</param>
/// <param name="logger">Logs who takes the term from whom.</param>
internal sealed partial class Term(PostgresDatabase database, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>How long others wait for a holder that does not renew it.</summary>
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan RenewedEvery = TimeSpan.FromSeconds(1);

    /// <summary>The holder stops this much before others may take it.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(250);

    /// <summary>A taker ends whatever still holds the row after this long: nothing of the service does, unless it has been stopped in the middle of sending a statement.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(300);

    private readonly string holder = RandomNumberGenerator.GetHexString(32);
    private readonly object state = new();
    private Thread? renewal;
    private NpgsqlConnection? own;
    private bool isOver;
    private Action onLost = () => { };
    private long held;
    private long heldUntil = long.MinValue;

    /// <summary>0: none yet.</summary>
    public long Epoch => Volatile.Read(ref held);

    /// <summary>Whether it can be relied on that nobody else has the term.</summary>
    public bool IsHeld => time.GetTimestamp() < Volatile.Read(ref heldUntil);

    /// <summary>Takes the term, if it is free or held by this process: with a higher epoch in any case, so that nothing sent under the last one can still be committed.</summary>
    /// <param name="lost">Called when the term has ended.</param>
    /// <returns>Null while another node holds it; otherwise whether another node has held it since this process did, or this process has never held it.</returns>
    public bool? Take(Action lost)
    {
        using var connection = database.Connect();
        if (!IsFree(connection))
            return null;

        var asked = time.GetTimestamp();
        using var transaction = connection.BeginTransaction();
        var backend = (int)new NpgsqlCommand("SELECT pg_backend_pid()", connection, transaction).ExecuteScalar()!;
        (long Before, string From)? former;
        using (time.CreateTimer(_ => EndBlockers(backend), state: null, Patience, Patience))
            former = Former(connection, transaction);
        if (former is not var (before, from))
            return null;

        using (var take = new NpgsqlCommand("UPDATE terms SET epoch = epoch + 1, holder = $1, until = clock_timestamp() + $2 WHERE shard = 0 RETURNING epoch", connection, transaction)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = holder }, new NpgsqlParameter<TimeSpan> { TypedValue = Length } },
        })
        {
            var epoch = (long)take.ExecuteScalar()!;
            transaction.Commit();
            var isNew = Epoch == 0 || before != Epoch;
            lock (state)
            {
                held = epoch;
                heldUntil = Deadline(asked);
                onLost = lost;
                if (renewal is null)
                {
                    renewal = new Thread(KeepRenewing) { IsBackground = true, Name = "term" };
                    renewal.Start();
                }
            }

            if (isNew)
                LogTaken(logger, epoch, from.Length == 0 ? "nobody" : from);
            return isNew;
        }
    }

    /// <summary>Lets another node take the term at once.</summary>
    public void Dispose()
    {
        lock (state)
        {
            if (isOver)
                return;
            (isOver, heldUntil) = (true, long.MinValue);
            Monitor.Pulse(state);
        }

        renewal?.Join();
        own?.Dispose();

        if (Epoch == 0)
            return;
        try
        {
            using var connection = database.Connect();
            using var release = new NpgsqlCommand("UPDATE terms SET until = '-infinity', holder = '' WHERE shard = 0 AND epoch = $1", connection)
            {
                Parameters = { new NpgsqlParameter<long> { TypedValue = Epoch } },
            };
            release.ExecuteNonQuery();
        }
        catch (Exception error) when (PostgresDatabase.IsOfStorage(error))
        {
            LogNotReleased(logger, error);
        }
    }

    private bool IsFree(NpgsqlConnection connection)
    {
        using var look = new NpgsqlCommand("SELECT until < clock_timestamp() OR holder = $1 FROM terms WHERE shard = 0", connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = holder } } };
        return (bool)look.ExecuteScalar()!;
    }

    /// <summary>Locks the row against every turn, and looks again.</summary>
    private (long Epoch, string Holder)? Former(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        using var look = new NpgsqlCommand("SELECT epoch, holder FROM terms WHERE shard = 0 AND (until < clock_timestamp() OR holder = $1) FOR UPDATE", connection, transaction)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = holder } },
        };
        using var row = look.ExecuteReader();
        return row.Read() ? (row.GetInt64(0), row.GetString(1)) : null;
    }

    private void EndBlockers(int backend)
    {
        try
        {
            using var connection = database.Connect();
            using var end = new NpgsqlCommand("SELECT count(pg_terminate_backend(pid)) FROM unnest(pg_blocking_pids($1)) AS pid", connection) { Parameters = { new NpgsqlParameter<int> { TypedValue = backend } } };
            if ((long)end.ExecuteScalar()! > 0)
                LogEnded(logger);
        }
        catch (Exception error)
        {
            LogNotEnded(logger, error);
        }
    }

    /// <summary>On its own thread: neither a busy pool of threads nor one of connections keeps it from renewing.</summary>
    private void KeepRenewing()
    {
        for (var wait = RenewedEvery; AwaitNext(wait) is var (epoch, lost);)
        {
            wait = Renew(epoch) ? RenewedEvery : Patience;
            if (!IsHeld)
                lost();
        }
    }

    /// <returns>What is to be renewed; null when the service stops.</returns>
    private (long Epoch, Action Lost)? AwaitNext(TimeSpan wait)
    {
        lock (state)
        {
            if (!isOver)
                Monitor.Wait(state, wait);
            return isOver ? null : (held, onLost);
        }
    }

    /// <returns>False when it is to be tried again soon.</returns>
    private bool Renew(long epoch)
    {
        try
        {
            var asked = time.GetTimestamp();
            own ??= database.Connect();
            using var renew = new NpgsqlCommand("UPDATE terms SET until = clock_timestamp() + $1 WHERE shard = 0 AND epoch = $2 AND holder = $3", own)
            {
                CommandTimeout = 1,
                Parameters =
                {
                    new NpgsqlParameter<TimeSpan> { TypedValue = Length }, new NpgsqlParameter<long> { TypedValue = epoch }, new NpgsqlParameter<string> { TypedValue = holder },
                },
            };
            var isRenewed = renew.ExecuteNonQuery() == 1;
            lock (state)
            {
                if (held == epoch)
                    heldUntil = isRenewed ? Deadline(asked) : long.MinValue;
            }

            return true;
        }
        catch (Exception error)
        {
            LogNotRenewed(logger, error.Message);
            own?.Dispose();
            own = null;
            return false;
        }
    }

    private long Deadline(long asked) => asked + (long)((Length - Margin).TotalSeconds * time.TimestampFrequency);

    [LoggerMessage(Level = LogLevel.Information, Message = "This node runs the ledger: it has taken term {Epoch} from {Former}")]
    private static partial void LogTaken(ILogger logger, long epoch, string former);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection that held the term's row was ended")]
    private static partial void LogEnded(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What holds the term's row could not be ended")]
    private static partial void LogNotEnded(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The term could not be renewed: {Why}")]
    private static partial void LogNotRenewed(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The term could not be given back: another node waits until it has run out")]
    private static partial void LogNotReleased(ILogger logger, Exception error);
}
