using System.Net;
using System.Net.Sockets;
using JobService.Jobs;
using JobService.Tests.Callbacks;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Configuration;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

public sealed class OutgoingProxyTests
{
    private static readonly IPAddress[] Public = [IPAddress.Parse("93.184.215.14")];
    private static readonly IPAddress[] Private = [IPAddress.Parse("10.0.0.7")];

    [Fact]
    public async Task Calls_leave_through_the_proxy_to_names_that_are_public()
    {
        await using var server = new RawTcpApi(Respond(200, "through"));
        await using var proxy = new ProxyServer(server.Port);
        await using var api = Through(proxy.Address, "http://api.example/v1", Public);

        var response = await api.RespondedAsync();
        await api.RespondedAsync(Calls.Of() with { Paced = true });

        Assert.Equal("through", response.Text());
        Assert.Equal("POST http://api.example/v1 HTTP/1.1", proxy.Lines.First());
        Assert.Equal(["api.example"], server.Requests.First().Header("Host"));
    }

    [Fact]
    public async Task A_target_behind_TLS_is_reached_through_a_tunnel()
    {
        using var authority = new TestAuthority();
        await using var server = new TlsApi(authority.Issue("api.example"));
        await using var proxy = new ProxyServer(server.Port);
        await using var api = Through(proxy.Address, "https://api.example:8443/v1", Public);

        // As far as the certificate, which no authority of this machine has issued.
        Assert.Contains("CN=Test Authority", (await api.BrokenAsync()).Detail, StringComparison.Ordinal);
        Assert.Equal("CONNECT api.example:8443 HTTP/1.1", Assert.Single(proxy.Lines));
    }

    [Fact]
    public async Task The_proxy_gets_the_password_it_asks_for()
    {
        await using var server = new RawTcpApi(Respond(200, "through"));
        await using var proxy = new ProxyServer(server.Port, "me:p@ss");
        await using var api = Through(proxy.Address.Replace("//", "//me:p%40ss@", StringComparison.Ordinal), "http://api.example", Public);

        Assert.Equal("through", (await api.RespondedAsync(Calls.Of(new ApiRequest { Method = "GET" }))).Text());
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("http://api.example")]
    [InlineData("https://api.example")]
    [InlineData("http://[::ffff:10.0.0.7]")]
    [InlineData("http://10.0.0.7")]
    public async Task What_may_not_be_called_the_proxy_does_not_get(string address)
    {
        await using var server = new RawTcpApi(Respond());
        await using var proxy = new ProxyServer(server.Port);
        await using var api = Through(proxy.Address, address, [.. Public, .. Private]);

        Assert.Equal(ErrorTypes.Blocked, (await api.BrokenAsync()).Type);
        Assert.Empty(proxy.Lines);
    }

    [Fact]
    public async Task Hosts_of_NoProxy_are_called_directly_and_through_the_guard()
    {
        await using var server = new RawTcpApi(Respond(200, "direct"));
        await using var proxy = new ProxyServer(port: 1);
        await using var open = Through(proxy.Address, $"http://api.internal.example:{server.Port}", [IPAddress.Loopback], allowPrivate: true);
        await using var guarded = Through(proxy.Address, $"http://api.internal.example:{server.Port}", [IPAddress.Loopback]);

        Assert.Equal("direct", (await open.RespondedAsync()).Text());
        Assert.Equal(ErrorTypes.Blocked, (await guarded.BrokenAsync()).Type);
        Assert.Empty(proxy.Lines);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_that_only_the_proxy_knows_is_left_to_it_where_private_networks_are_open(bool isOpen)
    {
        await using var server = new RawTcpApi(Respond(200, "through"));
        await using var proxy = new ProxyServer(server.Port);
        var options = new UpstreamOptions { Proxy = proxy.Address, AllowPrivateNetworks = isOpen };
        await using var api = Calls.Http("http://inside.example", options: options, dialer: new Dialer(options, TimeProvider.System)
        {
            Resolve = (_, _) => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
        });

        if (isOpen)
            Assert.Equal("through", (await api.RespondedAsync()).Text());
        else
            Assert.Contains("JobService:Upstream:AllowPrivateNetworks leaves names", (await api.BrokenAsync()).Detail, StringComparison.Ordinal);
        Assert.Equal(isOpen ? 1 : 0, proxy.Lines.Count);
    }

    [Fact]
    public async Task A_proxy_that_is_not_there_is_named()
    {
        var proxy = new ProxyServer(port: 1);
        var address = proxy.Address;
        await proxy.DisposeAsync();
        await using var api = Through(address, "http://api.example", Public);

        Assert.Contains($"The proxy {new Uri(address).Authority} cannot be reached", (await api.BrokenAsync()).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callbacks_leave_through_it_too_each_checked_by_itself()
    {
        await using var hook = new HookReceiver(Respond(204, ""));
        await using var proxy = new ProxyServer(new Uri(hook.Url).Port);
        var options = new UpstreamOptions { Proxy = proxy.Address };
        await using var sender = await SenderDriver.StartAsync(driver => driver.Dialer = new Dialer(options, TimeProvider.System)
        {
            Resolve = (host, _) => Task.FromResult(host == "public.example" ? Public : Private),
        });

        await sender.EndJobAsync("http://private.example/hook");
        await sender.EndJobAsync("http://public.example/hook");
        await hook.NextAsync();

        Assert.Equal("POST http://public.example/hook HTTP/1.1", Assert.Single(proxy.Lines));
    }

    [Theory]
    [InlineData("*", "http://api.example", true)]
    [InlineData("other.example, *", "https://10.0.0.7", true)]
    [InlineData("*.example", "http://api.example", true)]
    [InlineData("*.example", "http://api.examples", false)]
    [InlineData("[::1]", "http://[::1]:8080", true)]
    [InlineData("::1", "http://[::1]:8080", true)]
    [InlineData("", "http://api.example", false)]
    public void NoProxy_is_read_as_other_programs_read_it(string noProxy, string target, bool direct) =>
        Assert.Equal(direct, OutgoingProxy.Of(new UpstreamOptions { Proxy = "http://proxy:3128", NoProxy = noProxy })!.IsBypassed(new Uri(target)));

    [Theory]
    [InlineData("proxy:3128")]
    [InlineData("socks5://proxy:1080")]
    [InlineData("http://proxy:3128/path")]
    [InlineData("http://")]
    public void What_is_no_proxy_is_refused_at_the_start(string proxy) => Assert.NotNull(OutgoingProxy.Fault(proxy));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("http://proxy:3128")]
    [InlineData("https://me:secret@proxy.example")]
    public void What_is_one_or_none_is_not(string? proxy) => Assert.Null(OutgoingProxy.Fault(proxy));

    [Fact]
    public void The_start_tells_which_proxy_is_used_and_which_is_not()
    {
        var environment = new ConfigurationBuilder().AddInMemoryCollection([new("https_proxy", "http://env:1")]).Build();
        var own = OutgoingProxy.Of(new UpstreamOptions { Proxy = "http://me:secret@proxy.example:3128" });

        Assert.Equal(("Calls and callbacks use the proxy http://proxy.example:3128", false), OutgoingProxy.Notice(own, environment));
        Assert.True(OutgoingProxy.Notice(proxy: null, environment) is ({ } sentence, true) && sentence.StartsWith("HTTPS_PROXY names a proxy, and it is not used", StringComparison.Ordinal));
        Assert.Null(OutgoingProxy.Notice(proxy: null, new ConfigurationBuilder().Build()));
    }

    private static HttpApi Through(string proxy, string address, IPAddress[] addresses, bool allowPrivate = false)
    {
        var options = new UpstreamOptions { Proxy = proxy, NoProxy = "other.example, .internal.example", AllowPrivateNetworks = allowPrivate };
        return Calls.Http(address, options: options, dialer: new Dialer(options, TimeProvider.System) { Resolve = (_, _) => Task.FromResult(addresses) });
    }
}
