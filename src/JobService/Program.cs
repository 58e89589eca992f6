using System.Security.Cryptography;
using JobService.Api;
using JobService.Api.Http;
using JobService.Events;
using JobService.Intake;
using JobService.Jobs;
using JobService.Storage;

// The only place where parts meet.
try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.Services.AddLogs(builder.Configuration);
    builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));
    builder.WebHost.ConfigureKestrel(ServerBounds.Apply);
    if (builder.Configuration["urls"] is null && builder.Configuration["http_ports"] is null && builder.Configuration["https_ports"] is null)
        builder.WebHost.UseUrls("http://localhost:8080");

    // Time and chance come in from here and nowhere else.
    builder.Services.AddSingleton(TimeProvider.System);
    builder.Services.AddTransient(_ => new Random(RandomNumberGenerator.GetInt32(int.MaxValue)));
    builder.Services.AddSingleton<JobIdSource>();

    // Storage: StorageOptions, SqliteJobStore as IJobStore.
    builder.Services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section).ValidateDataAnnotations().ValidateOnStart();

    // Intake and events: JobIntake, IntakeWriter (hosted), JobEventHub.
    builder.Services.AddSingleton<JobIntake>();
    builder.Services.AddSingleton<JobEventHub>();

    // Calls: ApiTargets, ProcessingPool (hosted), Dispatcher, JobWorkers, JobCompleter (hosted).

    // Maintenance: JobPruner (hosted).

    builder.Services.AddApi(builder.Configuration);
    builder.Services.AddHostedService<Banner>();

    var app = builder.Build();
    app.UseApi();
    await app.RunAsync();
    return 0;
}
catch (Exception fault) when (StartFault.Of(fault) is { } wrong)
{
    await Console.Error.WriteLineAsync(wrong);
    return 1;
}
