using System.Runtime.InteropServices;
using JobService.Ledger;
using Microsoft.Extensions.Logging;

namespace JobService.Storage;

/// <summary>Publishes what was committed, on the writer's thread.</summary>
internal sealed partial class LedgerWriter
{
    /// <summary>Reused in each turn: tens of thousands of events a second create no garbage.</summary>
    private readonly List<StoreEvent> events = [];

    public event Action<StoreNews>? Committed;

    private event StoreListener? Watched;

    /// <summary>The writer itself adds the listener, between two turns: it gets every change that is committed from then on.</summary>
    public Task<IDisposable> WatchAsync(StoreListener listener) => Post(new PendingWatch(this, listener));

    /// <summary>Null while there is no listener: then no events are collected.</summary>
    private List<StoreEvent>? EventsToCollect()
    {
        events.Clear();
        return Watched is null ? null : events;
    }

    private void Publish(Turn turn)
    {
        var batches = turn.Batches.Changed();
        if (turn.Ended.Count + turn.StopRequests.Count + batches.Count + turn.DueReceivers.Count > 0)
        {
            var news = new StoreNews(turn.Ended, turn.StopRequests, batches) { DueReceivers = turn.DueReceivers };
            Notify(Committed, listener => listener(news));
        }

        PublishEvents(turn);
    }

    private void PublishEvents(Turn turn)
    {
        if (turn.Events is { Count: > 0 } changes)
            Notify(Watched, listener => listener(turn.NowTime, CollectionsMarshal.AsSpan(changes)));
    }

    /// <summary>An exception of one listener neither undoes the commit nor keeps the others from being notified.</summary>
    private void Notify<TListener>(TListener? listeners, Action<TListener> notify)
        where TListener : Delegate
    {
        foreach (var listener in Delegate.EnumerateInvocationList(listeners))
        {
            try
            {
                notify(listener);
            }
            catch (Exception error)
            {
                LogListenerFailed(logger, error);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A subscriber to committed changes failed")]
    private static partial void LogListenerFailed(ILogger logger, Exception error);

    /// <summary>Adds the listener after the turn, because a turn may be repeated.</summary>
    private sealed class PendingWatch(LedgerWriter writer, StoreListener listener) : PendingOperation<IDisposable>
    {
        public override bool NeedsCommit => false;

        public override void Complete()
        {
            writer.Watched += listener;
            base.Complete();
        }

        protected override IDisposable RunIn(Turn turn) => new Watch(writer, listener);
    }

    private sealed class Watch(LedgerWriter writer, StoreListener listener) : IDisposable
    {
        public void Dispose() => writer.Watched -= listener;
    }
}
