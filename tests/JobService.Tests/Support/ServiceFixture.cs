using System.Text;
using JobService.Storage;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Support;

/// <summary>The whole service in this process: a real Kestrel on a real socket, a database of its own in a temporary folder.</summary>
public class ServiceFixture : IAsyncDisposable
{
    private readonly Host host;
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("jobservice-");

    public ServiceFixture()
        : this(new Dictionary<string, string>())
    {
    }

    protected ServiceFixture(IReadOnlyDictionary<string, string> settings, Action<IServiceCollection>? services = null)
    {
        host = new Host(data, settings, services);
        host.UseKestrel(0);
        host.StartServer();
        Address = new Uri(host.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
        Client = new HttpClient(new DocumentedResponses(new SocketsHttpHandler { AllowAutoRedirect = false })) { BaseAddress = Address };
    }

    /// <summary>Where the service listens: for tests that speak to the socket themselves.</summary>
    public Uri Address { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => host.Services;

    public IJobStore Store => Services.GetRequiredService<IJobStore>();

    /// <param name="settings">Configuration keys with <c>:</c> and their values; they win over appsettings.json.</param>
    /// <param name="services">Replaces parts, as the clock.</param>
    public static ServiceFixture With(IReadOnlyDictionary<string, string> settings, Action<IServiceCollection>? services = null) => new(settings, services);

    /// <summary>A job as JSON over the real front door.</summary>
    public Task<HttpResponseMessage> SubmitAsync(string json, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, "/v1/jobs", json, headers);

    /// <summary>A queue or a limit as JSON; anything but a success is a defect of the test.</summary>
    public async Task PutAsync(string path, string json)
    {
        using var response = await SendAsync(HttpMethod.Put, path, json);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await Client.SendAsync(request, new CancellationTokenSource(Patience.Hang).Token);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await host.DisposeAsync();
        data.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private sealed class Host(DirectoryInfo data, IReadOnlyDictionary<string, string> settings, Action<IServiceCollection>? services)
        : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseSetting("urls", "http://127.0.0.1:0");
            builder.UseSetting("JobService:Storage:Path", Path.Combine(data.FullName, "jobs.db"));
            // What still runs when the test is over is nobody's concern.
            builder.UseSetting("JobService:Dispatch:GraceSeconds", "0");
            builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
            builder.UseSetting("Serilog:MinimumLevel:Override:Microsoft", "Fatal");
            builder.UseSetting("Serilog:MinimumLevel:Override:System", "Fatal");
            foreach (var (key, value) in settings)
                builder.UseSetting(key, value);
            if (services is not null)
                builder.ConfigureServices(services);
        }
    }
}
