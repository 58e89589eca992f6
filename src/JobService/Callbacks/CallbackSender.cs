using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobService.Callbacks;

/// <summary>Notifies receivers of ends, and retries until they have accepted. The store knows what is pending; this class only knows the sends in progress.</summary>
/// <remarks>At least once: after a crash between the send and its commit, it sends again, with the same webhook id.</remarks>
public sealed partial class CallbackSender : BackgroundService
{
    /// <summary>At a shutdown, how long sends in progress may take to end by themselves.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    /// <summary>Wait after an error of the store.</summary>
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    /// <summary>A send without a response for this long gives its place to others: healthy receivers respond sooner.</summary>
    private static readonly TimeSpan Overrun = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly IJobStore store;
    private readonly IDeliveryStore deliveries;
    private readonly WebhookClient client;
    private readonly TimeProvider time;
    private readonly Func<double> chance;
    private readonly ServiceRoot root;
    private readonly ILogger<CallbackSender> logger;
    private readonly Receivers receivers;
    private readonly List<Task> sends = [];

    // Never disposed: a host may stop a service that it has already disposed, and without a timer there is nothing to free.
    private readonly CancellationTokenSource abandon = new();

    public CallbackSender(
        IJobStore store, IDeliveryStore deliveries, WebhookClient client, IOptions<CallbackOptions> options, TimeProvider time, Func<double> chance, ServiceRoot root, ILogger<CallbackSender> logger)
    {
        this.store = store;
        this.deliveries = deliveries;
        this.client = client;
        this.time = time;
        this.chance = chance;
        this.root = root;
        this.logger = logger;
        receivers = new Receivers(options.Value.MaxPerReceiver, options.Value.MaxConcurrency);
        store.Committed += Hear;
    }

    /// <summary>Completes when no send is in progress. One that was aborted is sent again at the next start.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await using var host = cancellationToken.Register(abandon.Cancel);
        await base.StopAsync(cancellationToken);
        if (ExecuteTask is { } loop)
            await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        store.Committed -= Hear;
    }

    /// <summary>Without a stop before it, as with a host that could not start, it does not wait for sends in progress.</summary>
    public override void Dispose()
    {
        abandon.Cancel();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await RunAsync(stoppingToken);
        using var patience = new CancellationTokenSource(StopPatience, time);
        await using var over = patience.Token.Register(abandon.Cancel);
        await Task.WhenAll(sends);
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var isRestored = false;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (!isRestored)
                    await RestoreAsync();
                isRestored = true;
                await WaitAsync(stop);
                await SendDueAsync(stop);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return; // the store may be disposed already: a host that could not start disposes everything without stopping it
            }
            catch (Exception error)
            {
                LogTrouble(logger, error);
                await Task.Delay(Backoff, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Hear(StoreNews news)
    {
        foreach (var origin in news.DueReceivers)
            receivers.Expect(origin, store.Now);
    }

    /// <summary>What was pending when the last process ended.</summary>
    private async Task RestoreAsync()
    {
        foreach (var (origin, at) in await deliveries.ReceiversAsync())
            receivers.Expect(origin, at);
    }

    private async Task WaitAsync(CancellationToken stop)
    {
        while (true)
        {
            var next = receivers.NextAt(out var change);
            var wait = next is { } at ? at - store.Now : LongestWait;
            if (wait <= TimeSpan.Zero)
                return;

            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await Task.WhenAny(change, Task.Delay(wait < LongestWait ? wait : LongestWait, time, over.Token));
            stop.ThrowIfCancellationRequested();
            await over.CancelAsync();
        }
    }

    private async Task SendDueAsync(CancellationToken stop)
    {
        sends.RemoveAll(send => send.IsCompleted);
        var now = store.Now;
        while (!stop.IsCancellationRequested && receivers.TakeNext(now, out var known, out var free) is { } origin)
        {
            try
            {
                await SendDueAsync(origin, known, free, now);
            }
            catch
            {
                receivers.Expect(origin, now); // it still has deliveries
                throw;
            }
        }
    }

    /// <param name="origin">The receiver.</param>
    /// <param name="known">The sends in progress.</param>
    /// <param name="atMost">How many more may be sent.</param>
    /// <param name="now">The moment.</param>
    private async Task SendDueAsync(string origin, IReadOnlySet<JobId> known, int atMost, DateTimeOffset now)
    {
        // One more than can be sent shows when to look again.
        var pending = await deliveries.PendingAsync(origin, known.Count + atMost + 1);
        foreach (var delivery in pending.Where(delivery => !known.Contains(delivery.Id)))
        {
            if (delivery.At > now || atMost-- == 0)
            {
                receivers.Expect(origin, delivery.At);
                break;
            }

            receivers.Enter(origin, delivery.Id);
            sends.Add(SendAsync(origin, delivery.Id));
        }

        receivers.ForgetIdle(origin);
    }

    private async Task SendAsync(string origin, JobId id)
    {
        bool? responded = null;
        try
        {
            if (await deliveries.OpenAsync(id) is not { } work)
                return;
            await using var overrun = time.CreateTimer(_ => receivers.Overrun(origin, id), null, Overrun, Timeout.InfiniteTimeSpan);
            var ended = await TryAsync(work);
            responded = ended.Status is not null;
            await WriteAsync(ended);
        }
        catch (Exception) when (abandon.IsCancellationRequested)
        {
            // It stays pending.
        }
        catch (Exception error)
        {
            LogTrouble(logger, error);
            await Task.Delay(Backoff, time, abandon.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            receivers.Leave(origin, id, responded, store.Now);
        }
    }

    private async Task<DeliveryTry> TryAsync(DeliveryWork work)
    {
        var (at, since) = (store.Now, time.GetTimestamp());
        var body = work.Body ?? EventBody.Of(work, root.Path);
        var response = await client.PostAsync(work.Callback, work.Pending.Id, body, abandon.Token);
        var (state, nextAt) = Conclude(response, work.Failures + 1);
        return new DeliveryTry(work.Pending, at, time.GetElapsedTime(since), response.Status, response.Error, body, state, nextAt);
    }

    private (DeliveryState State, DateTimeOffset? NextAt) Conclude(WebhookResponse response, int failures)
    {
        if (response.Error is null)
            return (DeliveryState.Delivered, null);
        if (response.Status == StatusCodes.Status410Gone)
            return (DeliveryState.Disabled, null);
        if (response.IsFinal || RetrySchedule.WaitAfter(failures, chance()) is not { } wait)
            return (DeliveryState.Failed, null);
        return (DeliveryState.Pending, store.Now + (response.RetryAfter > wait ? response.RetryAfter.Value : wait));
    }

    /// <summary>The event has been sent: while the store cannot be written, its place stays occupied, rather than sending it again.</summary>
    private async Task WriteAsync(DeliveryTry ended)
    {
        while (true)
        {
            try
            {
                await deliveries.FinishTryAsync(ended);
                return;
            }
            catch (StorageUnavailableException error)
            {
                LogTrouble(logger, error);
                await Task.Delay(Backoff, time, abandon.Token);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Callbacks are delayed: the store cannot be read or written; retrying in 1 s")]
    private static partial void LogTrouble(ILogger logger, Exception error);
}
