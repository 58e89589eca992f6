using System.Net;
using JobService.Api.Http;
using JobService.Storage;
using JobService.Upstream;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace JobService.Api;

/// <summary>Says after the start where everything is.</summary>
internal sealed class Banner(
    IServer server, IHostApplicationLifetime lifetime, IOptions<StorageOptions> storage, ApiKeyGate gate, Dialer dialer, IConfiguration configuration, ILogger<Banner> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Show);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Show()
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        foreach (var address in addresses.Select(address => address.TrimEnd('/')))
            log.LogInformation("API {Api} · Swagger UI {SwaggerUi}", address + "/v1/jobs", address + "/swagger");
        log.LogInformation("Data {Data}", Path.GetFullPath(storage.Value.Path));
        if (OutgoingProxy.Notice(dialer.Proxy, configuration) is var (sentence, isWarning))
            log.Log(isWarning ? LogLevel.Warning : LogLevel.Information, "{Notice}", sentence);

        if (gate.IsOpen && addresses.Any(address => !IsLoopback(address)))
            log.LogWarning("Anybody who reaches this port may use the service: set {Setting}, or listen on localhost only", "JobService:ApiKey");
    }

    private static bool IsLoopback(string address) =>
        BindingAddress.Parse(address) is var binding
        && (binding.IsUnixPipe || binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(binding.Host, out var ip) && IPAddress.IsLoopback(ip)));
}
