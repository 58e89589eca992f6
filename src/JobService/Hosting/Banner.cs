using System.Net;
using System.Reflection;
using JobService.Api.Http;
using JobService.Storage;
using JobService.Upstream;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Options;

namespace JobService.Hosting;

/// <summary>Logs after the start what runs, where it listens, and which settings differ from the shipped ones.</summary>
internal sealed class Banner(
    IServer server, IHostApplicationLifetime lifetime, IOptions<StorageOptions> storage, ApiKeyGate gate, Dialer dialer, IConfiguration configuration, ILogger<Banner> log) : IHostedService
{
    private const string ShippedFile = "appsettings.json";

    /// <summary>The version of the program, without the commit that the build appends.</summary>
    public static string Version { get; } = typeof(Banner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Show);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Settings of the service that do not come from the shipped file, by name only: a value may be a secret.</summary>
    internal static IEnumerable<string> SetBeside(IConfiguration configuration) =>
        from entry in configuration.GetSection("JobService").AsEnumerable()
        where entry.Value is not null
        let source = ((IConfigurationRoot)configuration).Providers.Last(provider => provider.TryGet(entry.Key, out _))
        where source is not JsonConfigurationProvider { Source.Path: ShippedFile }
        orderby entry.Key
        select entry.Key;

    private void Show()
    {
        var addresses = (server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Select(address => address.TrimEnd('/')).ToArray();
        log.LogInformation(
            "JobService {Version} listens on {Addresses} (Swagger UI: {SwaggerUi}), stores its data in {Data}, settings that differ from appsettings.json: {Settings}",
            Version, string.Join(", ", addresses), addresses.FirstOrDefault() + "/swagger", storage.Value.Postgres is { Length: > 0 } ? "PostgreSQL" : Path.GetFullPath(storage.Value.Path),
            SetBeside(configuration).DefaultIfEmpty("none").Aggregate((all, next) => $"{all}, {next}"));
        if (OutgoingProxy.Notice(dialer.Proxy, configuration) is var (sentence, isWarning))
            log.Log(isWarning ? LogLevel.Warning : LogLevel.Information, "{Notice}", sentence);

        if (gate.IsOpen && Array.Exists(addresses, address => !IsLoopback(address)))
            log.LogWarning("Anybody who can reach this port can use the service: set {Setting}, or listen on localhost only", "JobService:ApiKey");
    }

    private static bool IsLoopback(string address) =>
        BindingAddress.Parse(address) is var binding
        && (binding.IsUnixPipe || binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(binding.Host, out var ip) && IPAddress.IsLoopback(ip)));
}
