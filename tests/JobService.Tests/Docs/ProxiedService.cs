using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using JobService.Api;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobService.Tests.Docs;

/// <summary>A service with the settings of docs/proxies.md, and a proxy with its configuration in front.</summary>
internal sealed class ProxiedService : IAsyncDisposable
{
    /// <summary>Where the client is: another address than the proxy's.</summary>
    public const string ClientAddress = "127.0.0.2";

    private const string Key = "a-long-random-text";

    private readonly ReverseProxy proxy;

    private ProxiedService(ServiceFixture service, ReverseProxy proxy, string pathBase, LogLines<ChangeLog> changes)
    {
        (Service, this.proxy, PathBase, Changes) = (service, proxy, pathBase, changes);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectCallback = ConnectAsync })
        {
            BaseAddress = new Uri($"http://{proxy.Address}"),
            Timeout = TimeSpan.FromSeconds(60),
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Key) },
        };
    }

    public ServiceFixture Service { get; }

    public string PathBase { get; }

    /// <summary>What the service logs of changes.</summary>
    public LogLines<ChangeLog> Changes { get; }

    /// <summary>Reaches the service through the proxy.</summary>
    public HttpClient Client { get; }

    /// <param name="program"><c>nginx</c> or <c>haproxy</c>.</param>
    /// <param name="pathBase">Empty for the root.</param>
    /// <param name="change">Of the configuration: for what would take too long as it stands.</param>
    /// <param name="settings">More of the service.</param>
    public static async Task<ProxiedService> StartAsync(string program, string pathBase, Func<string, string>? change = null, params (string Key, string Value)[] settings)
    {
        var configuration = DocumentBlocks.Of("proxies.md").Single(block => block.Language == program).Text;
        var changes = new LogLines<ChangeLog>();
        var all = new Dictionary<string, string>
        {
            ["JobService:ApiKey"] = Key,
            ["JobService:Proxy:Trusted:0"] = "127.0.0.1",
            ["JobService:Proxy:PathBase"] = pathBase,
        };
        foreach (var (key, value) in settings)
            all[key] = value;
        var service = ServiceFixture.With(all, services => services.AddSingleton<ILogger<ChangeLog>>(changes));
        try
        {
            return new ProxiedService(service, await ReverseProxy.StartAsync(program, change?.Invoke(configuration) ?? configuration, service.Address, pathBase), pathBase, changes);
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>A request on a bare socket, through the proxy.</summary>
    /// <param name="request">As of <see cref="WireClient.SendAsync(IPEndPoint, string, CancellationToken)"/>; the path without the path base.</param>
    public Task<WireClient> SendAsync(string request)
    {
        var (line, fields) = request.Split("\r\n", 2) is [var first, var rest] ? (first, rest) : (request, "");
        return WireClient.SendAsync(proxy.Address, $"{line.Replace(" /", $" {PathBase}/", StringComparison.Ordinal)}\r\nAuthorization: Bearer {Key}\r\n{fields}", TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await proxy.DisposeAsync();
        await Service.DisposeAsync();
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken hangUp)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(ClientAddress), 0));
        await socket.ConnectAsync(context.DnsEndPoint, hangUp);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
