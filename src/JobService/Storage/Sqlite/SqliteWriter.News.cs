using System.Runtime.InteropServices;
using JobService.Ledger;
using Microsoft.Extensions.Logging;

namespace JobService.Storage.Sqlite;

/// <summary>What others hear of the commits, on the writer's thread.</summary>
internal sealed partial class SqliteWriter
{
    /// <summary>Used again in each turn: tens of thousands of events a second are no garbage.</summary>
    private readonly List<StoreEvent> events = [];

    public event Action<StoreNews>? Committed;

    private event StoreListener? Watched;

    /// <summary>By the writer itself, between two changes: what is committed from here on is told, whole.</summary>
    public Task<IDisposable> WatchAsync(StoreListener listener) => Post(new Joining(this, listener));

    /// <summary>Nothing is collected while nobody watches.</summary>
    private List<StoreEvent>? EventsToCollect()
    {
        events.Clear();
        return Watched is null ? null : events;
    }

    private void Tell(Turn turn)
    {
        var batches = turn.Batches.Changed();
        if (turn.Ended.Count + turn.StopRequests.Count + batches.Count + turn.DueReceivers.Count > 0)
        {
            var news = new StoreNews(turn.Ended, turn.StopRequests, batches) { DueReceivers = turn.DueReceivers };
            Tell(Committed, listener => listener(news));
        }

        TellWatchers(turn);
    }

    private void TellWatchers(Turn turn)
    {
        if (turn.Events is { Count: > 0 } changes)
            Tell(Watched, listener => listener(turn.NowTime, CollectionsMarshal.AsSpan(changes)));
    }

    /// <summary>What is committed is committed: a listener that throws neither undoes it nor silences the others.</summary>
    private void Tell<TListener>(TListener? listeners, Action<TListener> tell)
        where TListener : Delegate
    {
        foreach (var listener in Delegate.EnumerateInvocationList(listeners))
        {
            try
            {
                tell(listener);
            }
            catch (Exception error)
            {
                LogListenerFailed(logger, error);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A subscriber to committed changes failed")]
    private static partial void LogListenerFailed(ILogger logger, Exception error);

    /// <summary>Behind the turn: one that is repeated is not to be told of twice.</summary>
    private sealed class Joining(SqliteWriter writer, StoreListener listener) : PendingOperation<IDisposable>
    {
        public override bool NeedsCommit => false;

        public override void Complete()
        {
            writer.Watched += listener;
            base.Complete();
        }

        protected override IDisposable RunIn(Turn turn) => new Watch(writer, listener);
    }

    private sealed class Watch(SqliteWriter writer, StoreListener listener) : IDisposable
    {
        public void Dispose() => writer.Watched -= listener;
    }
}
