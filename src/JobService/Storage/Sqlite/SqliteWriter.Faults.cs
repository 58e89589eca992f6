using JobService.Ledger;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>What follows a turn that has failed.</summary>
internal sealed partial class SqliteWriter
{
    private static readonly TimeSpan ReopenAfter = TimeSpan.FromSeconds(1);

    /// <summary>One of them broke the turn: the others are still to be committed, in their order.</summary>
    private void TakeHalves(List<PendingOperation> commands)
    {
        var half = commands.Count / 2;
        TakeTurn(commands[..half], request: null, woken: false);
        TakeTurn(commands[half..], request: null, woken: false);
    }

    /// <summary>The storage is to blame. What concerns the memory alone is still answered, if the memory can be read.</summary>
    private void Refuse(List<PendingOperation> commands, StorageUnavailableException error)
    {
        commands.FindAll(command => command.NeedsCommit).ForEach(command => command.Fail(error));
        var questions = commands.FindAll(command => !command.NeedsCommit);
        if (questions.Count == 0)
            return;
        try
        {
            Answer(questions);
        }
        catch (Exception reading)
        {
            Abandon(reading);
            questions.ForEach(question => question.Fail(new StorageUnavailableException(reading.Message, reading)));
        }
    }

    /// <summary>After a failed turn only the file is trusted: connection and memory are created again.</summary>
    private void Abandon(Exception error)
    {
        // What is damaged was reported when it was found; of the same trouble once is enough.
        if (error is not StorageUnavailableException && !(IsOfStorage(error) && Trouble == error.Message))
            LogTurnFailed(logger, error);
        if (database.FindsDamage(error))
            LogDamaged(logger, database.Damage!);
        if (IsOfStorage(error))
            Trouble = error.Message;
        try
        {
            session?.Dispose();
        }
        catch (SqliteException closing)
        {
            LogTurnFailed(logger, closing);
        }

        session = null;
        alarm.Change(ReopenAfter, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A statement or a value that SQLite refuses says nothing about the file.</summary>
    private static bool IsOfStorage(Exception error) => error is SqliteException
    {
        SqliteErrorCode: not (raw.SQLITE_ERROR or raw.SQLITE_TOOBIG or raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_MISUSE or raw.SQLITE_RANGE),
    };

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Damage} No further writes are made")]
    private static partial void LogDamaged(ILogger logger, string damage);

    [LoggerMessage(Level = LogLevel.Error, Message = "A transaction of the store was rolled back")]
    private static partial void LogTurnFailed(ILogger logger, Exception error);
}
