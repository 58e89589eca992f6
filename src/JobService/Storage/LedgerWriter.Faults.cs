using JobService.Ledger;
using Microsoft.Extensions.Logging;

namespace JobService.Storage;

/// <summary>Handles turns that have failed.</summary>
internal sealed partial class LedgerWriter
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

    /// <summary>After a failed turn only the database is trusted: connection and memory are created again.</summary>
    private void Abandon(Exception error)
    {
        // Damage was logged when it was found, and the same error is logged only once.
        if (error is not StorageUnavailableException && !(database.IsOfStorage(error) && Trouble == error.Message))
            LogTurnFailed(logger, error);
        if (database.FindsDamage(error))
            LogDamaged(logger, database.Damage!);
        if (database.IsOfStorage(error))
            Trouble = error.Message;
        try
        {
            session?.Dispose();
        }
        catch (Exception closing) when (database.IsOfStorage(closing))
        {
            LogTurnFailed(logger, closing);
        }

        session = null;
        alarm.Change(ReopenAfter, Timeout.InfiniteTimeSpan);
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Damage} No further writes are made")]
    private static partial void LogDamaged(ILogger logger, string damage);

    [LoggerMessage(Level = LogLevel.Error, Message = "A transaction of the store was rolled back")]
    private static partial void LogTurnFailed(ILogger logger, Exception error);
}
