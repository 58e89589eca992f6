using System.Security.Cryptography;
using JobService.Api;
using JobService.Api.Http;
using JobService.Callbacks;
using JobService.Dispatch;
using JobService.Events;
using JobService.Hosting;
using JobService.Intake;
using JobService.Jobs;
using JobService.Maintenance;
using JobService.Processing;
using JobService.Storage;
using JobService.Storage.Postgres;
using JobService.Storage.Sqlite;
using JobService.Upstream;
using Microsoft.Extensions.Options;

ShortTurns.Ask();

// The only place where parts meet.
if (await CommandLine.RunAsync(args) is { } done)
    return done;

IReadOnlyList<string> addresses = [];
try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    var services = builder.Services;
    var readable = ReadableSettings.Of(builder.Configuration);
    services.AddLogs(builder.Configuration);
    // Covers cutting the last connections, the grace period of running jobs, and some time to store their outcomes.
    services.AddOptions<HostOptions>().Configure<IOptions<DispatchOptions>>((host, dispatch) =>
        host.ShutdownTimeout = TimeSpan.FromSeconds(dispatch.Value.GraceSeconds + 5) + LastConnections.Patience);
    builder.WebHost.ConfigureKestrel(ServerBounds.Apply).UseSockets(ServerBounds.Apply);
    services.AddSingleton(PatientListeners.Of);
    addresses = ListenAddress.Of(builder.Configuration);
    if (ListenAddress.Fault(addresses) is { } unfit)
    {
        await Console.Error.WriteLineAsync(unfit);
        return 1;
    }

    if (addresses.Count == 0)
        builder.WebHost.UseUrls(ListenAddress.Default);

    // Time and chance come in from here and nowhere else.
    var chance = new Chance(RandomNumberGenerator.GetInt32(int.MaxValue));
    services.AddSingleton(TimeProvider.System);
    services.AddSingleton<Random>(chance);
    services.AddSingleton<Func<double>>(chance.NextDouble);
    services.AddSingleton<JobIdSource>();

    Settings<StorageOptions>(StorageOptions.Section);
    services.AddSingleton(provider => SubmissionBounds(provider.GetRequiredService<IOptions<IntakeOptions>>().Value));
    services.AddSingleton<LedgerStore>(provider => provider.GetRequiredService<IOptions<StorageOptions>>().Value.Postgres is { Length: > 0 }
        ? ActivatorUtilities.CreateInstance<PostgresJobStore>(provider)
        : ActivatorUtilities.CreateInstance<SqliteJobStore>(provider));
    services.AddSingleton<IJobStore>(provider => provider.GetRequiredService<LedgerStore>());
    services.AddSingleton(provider => (IDeliveryStore)provider.GetRequiredService<IJobStore>());

    Settings<IntakeOptions>(IntakeOptions.Section);
    services.AddSingleton<QueueCapacity>();
    services.AddSingleton<IntakeMemory>();
    services.AddSingleton<JobIntake>();
    services.AddSingleton<BatchIntake>();
    services.AddSingleton<JobEventHub>();
    Settings<EventOptions>(EventOptions.Section);
    services.AddSingleton<LiveEvents>();

    Settings<UpstreamOptions>(UpstreamOptions.Section);
    services.AddSingleton(provider => new Dialer(provider.GetRequiredService<IOptions<UpstreamOptions>>().Value, provider.GetRequiredService<TimeProvider>()));
    services.AddSingleton<ApiTargets>();
    services.AddSingleton<TrueCost>();
    Settings<ProcessingOptions>(ProcessingOptions.Section);
    Settings<DispatchOptions>(DispatchOptions.Section);
    services.AddSingleton<QueueSemaphores>();
    services.AddSingleton<Holds>();
    services.AddSingleton<FeedbackReader>();
    services.AddSingleton<RunningJobs>();
    services.AddSingleton<SlotClock>();
    services.AddSingleton<StartPacer>();
    services.AddSingleton<LargeInputs>();
    services.AddSingleton<JobExecutor>();

    Settings<CallbackOptions>(CallbackOptions.Section);
    services.AddSingleton(provider => new ServiceRoot(provider.GetRequiredService<IOptions<ProxyOptions>>().Value.PathBase));
    services.AddSingleton<WebhookClient>();

    // They start in this order and stop in reverse. So a stop ends the HTTP server first (the framework starts it last), then what claims, runs and writes jobs, and last the store.
    Hosted<LedgerLoop>();
    services.AddApi(builder.Configuration);
    services.AddSingleton<IValidateOptions<ApiOptions>, KnownSettings>();
    services.AddSingleton<IValidateOptions<ApiOptions>>(readable);
    Hosted<WarmUp>();
    Hosted<EventPump>();
    Hosted<ProcessingPool>();
    Hosted<JobCompleter>();
    Hosted<JobWorkers>();
    Hosted<Dispatcher>();
    Hosted<JobPruner>();
    Hosted<CallbackSender>();
    Hosted<Banner>();

    var app = builder.Build();
    // Reports all errors at once, before anything opens the store.
    app.Services.GetRequiredService<IStartupValidator>().Validate();
    app.UseApi();
    await app.RunAsync();
    return 0;

    static SubmissionBounds SubmissionBounds(IntakeOptions intake) => new(intake.ChannelCapacity, intake.SubmissionsPerCommit);

    void Settings<T>(string section)
        where T : class =>
        services.AddSingleton<IValidateOptions<T>>(new SectionCheck<T>(section)).AddOptions<T>().BindConfiguration(section).ValidateOnStart();

    void Hosted<T>()
        where T : class, IHostedService =>
        services.AddSingleton<T>().AddHostedService(provider => provider.GetRequiredService<T>());
}
catch (Exception fault) when (StartFault.Of(fault, addresses) is { } wrong)
{
    await Console.Error.WriteLineAsync(wrong);
    return 1;
}
