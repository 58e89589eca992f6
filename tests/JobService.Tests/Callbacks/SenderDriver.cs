using System.Threading.Channels;
using JobService.Callbacks;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Storage.Sqlite;
using JobService.Tests.Storage;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace JobService.Tests.Callbacks;

/// <summary>A sender on a real store and real sockets, with a clock of its own.</summary>
internal sealed class SenderDriver : IAsyncDisposable
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-callbacks-");
    private readonly Dictionary<string, string?> secrets = [];
    private StoreDriver driver = null!;
    private CallbackSender? sender;
    private WebhookClient? client;

    public WatchedTime Time { get; } = new();

    public CallbackOptions Options { get; } = new();

    public bool AllowPrivateNetworks { get; set; } = true;

    /// <summary>Null: one that asks this machine's resolver.</summary>
    public Dialer? Dialer { get; set; }

    public double Chance { get; set; }

    /// <summary>What was pending is read only when the reads are let go.</summary>
    public bool HoldsReads { get; set; }

    public LogLines<CallbackSender> Log { get; } = new();

    public IJobStore Store => driver.Store;

    public IDeliveryStore Deliveries => driver.Deliveries;

    /// <summary>The store as the sender sees it.</summary>
    public WatchedDeliveries Watched { get; private set; } = null!;

    public static async Task<SenderDriver> StartAsync(Action<SenderDriver>? arrange = null)
    {
        var started = new SenderDriver();
        arrange?.Invoke(started);
        started.Open();
        await started.driver.PutQueueAsync("q");
        await started.StartSenderAsync();
        return started;
    }

    public void Configure(string secret, string value) => secrets[CallMessage.Secrets + secret] = value;

    /// <summary>A job that ends at once, with somebody to be told.</summary>
    public async Task<JobId> EndJobAsync(string url, HeaderValue? secret = null)
    {
        var job = driver.NewJob() with { NotBefore = Store.Now.AddDays(1), Callback = new Callback(url, secret ?? new HeaderValue.Text(Secret)) };
        var id = await driver.AddAsync(job);
        await Store.CancelAsync(id, CancelReason.Request);
        return id;
    }

    public async Task<Delivery> DeliveryAsync(JobId job) => Assert.Single(await Deliveries.DeliveriesAsync(job, 10));

    public async Task<Delivery> NextTryAsync(JobId job)
    {
        await Watched.NextTryAsync();
        return await DeliveryAsync(job);
    }

    /// <summary>As at a crash: nothing is waited for, what is in hand is lost.</summary>
    public async Task RestartAsync()
    {
        await StopSenderAsync();
        await driver.DisposeAsync();
        Open();
        await StartSenderAsync();
    }

    /// <summary>As a host does that has no time.</summary>
    public Task StopAsync(bool disposed = false)
    {
        if (disposed)
            sender!.Dispose();
        return sender!.StopAsync(new CancellationToken(canceled: true));
    }

    /// <summary>As a host does that could not start.</summary>
    /// <returns>Ends with the sender.</returns>
    public Task DisposeSender()
    {
        sender!.Dispose();
        return sender.ExecuteTask!;
    }

    public async ValueTask DisposeAsync()
    {
        await StopSenderAsync();
        await driver.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private void Open()
    {
        var ids = new JobIdSource(Time, new Random(7));
        var options = Microsoft.Extensions.Options.Options.Create(new StorageOptions { Path = Path.Combine(folder.FullName, "jobs.db") });
        driver = new StoreDriver(new SqliteJobStore(options, ids, Time, NullLogger<SqliteJobStore>.Instance).Running(), ids, Time);
        Watched = new WatchedDeliveries(driver.Deliveries, HoldsReads);
    }

    private async Task StartSenderAsync()
    {
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        var upstream = Microsoft.Extensions.Options.Options.Create(new UpstreamOptions { AllowPrivateNetworks = AllowPrivateNetworks });
        client = new WebhookClient(options, upstream, new ConfigurationBuilder().AddInMemoryCollection(secrets).Build(), Time, Dialer ?? new Dialer(upstream.Value, Time));
        sender = new CallbackSender(Store, Watched, client, options, Time, () => Chance, new ServiceRoot(""), Log);
        await sender.StartAsync(CancellationToken.None);
    }

    private async Task StopSenderAsync()
    {
        await StopAsync();
        sender!.Dispose();
        client!.Dispose();
    }
}

/// <summary>The real store; it tells when a try was written, and fails when asked to.</summary>
internal sealed class WatchedDeliveries(IDeliveryStore store, bool holdsReads) : IDeliveryStore
{
    private readonly TaskCompletionSource<IReadOnlyList<ReceiverDue>> held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<DeliveryTry> tries = Channel.CreateUnbounded<DeliveryTry>();
    private int writeFailures;

    public int WriteFailures
    {
        set => writeFailures = value;
    }

    public async Task<DeliveryTry> NextTryAsync() => await tries.Reader.ReadAsync().AsTask().WaitAsync(Patience.Hang);

    public void FailReads(Exception error) => held.SetException(error);

    public Task<IReadOnlyList<ReceiverDue>> ReceiversAsync() => holdsReads ? held.Task : store.ReceiversAsync();

    public Task<IReadOnlyList<PendingDelivery>> PendingAsync(string origin, int atMost) => store.PendingAsync(origin, atMost);

    public Task<DeliveryWork?> OpenAsync(JobId delivery) => store.OpenAsync(delivery);

    public async Task FinishTryAsync(DeliveryTry ended)
    {
        if (Interlocked.Decrement(ref writeFailures) >= 0)
            throw new StorageUnavailableException("The disk is full.");
        await store.FinishTryAsync(ended);
        tries.Writer.TryWrite(ended);
    }

    public Task<Delivery?> RedeliverAsync(JobId subject, JobId delivery) => store.RedeliverAsync(subject, delivery);

    public Task<IReadOnlyList<Delivery>> DeliveriesAsync(JobId subject, int atMost) => store.DeliveriesAsync(subject, atMost);
}
