using JobService.Ledger;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Handles turns that have failed.</summary>
internal sealed partial class SqliteWriter
{
    private static readonly TimeSpan ReopenAfter = TimeSpan.FromSeconds(1);

    /// <summary>One of the commands broke the turn: the halves are run separately, in order, so that the others are committed.</summary>
    private void RunHalves(List<PendingOperation> commands)
    {
        var half = commands.Count / 2;
        TakeTurn(commands[..half], request: null, woken: false);
        TakeTurn(commands[half..], request: null, woken: false);
    }

    /// <summary>The storage has failed. Questions and commands that need only the memory still complete, if the memory can be read.</summary>
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
        // Damage was logged when it was found, and the same error is logged only once.
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

    /// <summary>An error in a statement or a value says nothing about the file.</summary>
    private static bool IsOfStorage(Exception error) => error is SqliteException
    {
        SqliteErrorCode: not (raw.SQLITE_ERROR or raw.SQLITE_TOOBIG or raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_MISUSE or raw.SQLITE_RANGE),
    };

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Damage} No further writes are made")]
    private static partial void LogDamaged(ILogger logger, string damage);

    [LoggerMessage(Level = LogLevel.Error, Message = "A transaction of the store was rolled back")]
    private static partial void LogTurnFailed(ILogger logger, Exception error);
}
