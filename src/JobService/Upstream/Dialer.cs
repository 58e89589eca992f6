using System.Net;
using System.Net.Sockets;

namespace JobService.Upstream;

/// <summary>Opens every outgoing connection, for calls and callbacks: through the guard and to the first address that responds, or through the operator's proxy.</summary>
public sealed class Dialer(UpstreamOptions options, TimeProvider time)
{
    /// <summary>Resolves a name.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Null when no proxy is used.</summary>
    public OutgoingProxy? Proxy { get; } = OutgoingProxy.Of(options);

    /// <summary>To where a message for this address has to be sent.</summary>
    /// <exception cref="AddressBlockedException">The name has no address that may be called, or, with a proxy, at least one that may not.</exception>
    public async ValueTask<Socket> ConnectAsync(Uri target, CancellationToken cancel)
    {
        if (Proxy?.GetProxy(target) is not { } proxy)
            return await ConnectAsync(target.IdnHost, target.Port, isProxy: false, cancel);
        await CheckAsync(target, cancel);
        return await ConnectAsync(proxy.IdnHost, proxy.Port, isProxy: true, cancel);
    }

    /// <summary>The same for a connection that no call needs yet. As the handler does with its own connects, a failure names the target.</summary>
    /// <exception cref="HttpRequestException">There is no connection.</exception>
    public async ValueTask<Socket> ConnectAheadAsync(Uri target)
    {
        try
        {
            return await ConnectAsync(target, CancellationToken.None);
        }
        catch (SocketException fault)
        {
            var error = fault.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData ? HttpRequestError.NameResolutionError : HttpRequestError.ConnectionError;
            throw new HttpRequestException(error, $"{fault.Message} ({target.IdnHost}:{target.Port})", fault);
        }
    }

    /// <summary>For a handler with many targets: the connection is for the request that needs it, or for a tunnel or a proxy shared by many.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext connection, CancellationToken cancel)
    {
        var first = connection.InitialRequestMessage;
        var throughProxy = first.Method == HttpMethod.Connect || Proxy?.GetProxy(first.RequestUri!) is not null;
        return new NetworkStream(await ConnectAsync(connection.DnsEndPoint.Host, connection.DnsEndPoint.Port, throughProxy, cancel), ownsSocket: true);
    }

    /// <summary>The guard does not see the connections that a proxy makes: all addresses of the name are checked before, since the proxy may choose any of them.</summary>
    /// <exception cref="AddressBlockedException">One of them may not be called.</exception>
    public async ValueTask CheckAsync(Uri target, CancellationToken cancel)
    {
        if (Proxy?.GetProxy(target) is null)
            return;

        IPAddress[] addresses;
        try
        {
            addresses = await AddressesOf(target.IdnHost, cancel);
        }
        catch (SocketException) when (options.AllowPrivateNetworks.IsAll)
        {
            return; // only the proxy can resolve the name, and the operator allows it
        }
        catch (SocketException unknown)
        {
            throw new HttpRequestException(
                HttpRequestError.NameResolutionError,
                $"'{target.IdnHost}' has no address here ({unknown.Message}), so that it cannot be checked before the proxy gets it. JobService:Upstream:AllowPrivateNetworks leaves names that only the proxy knows to it.",
                unknown);
        }

        if (AddressGuard.Allowed(target.IdnHost, addresses, options.AllowPrivateNetworks).Length < addresses.Length)
            throw new AddressBlockedException(target.IdnHost);
    }

    /// <summary>With the same timeout as the handler's own connects.</summary>
    private async ValueTask<Socket> ConnectAsync(string host, int port, bool isProxy, CancellationToken cancel)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(options.ConnectTimeoutSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancel);
        try
        {
            var addresses = await AddressesOf(host, either.Token);
            var allowed = isProxy ? addresses : AddressGuard.Allowed(host, addresses, options.AllowPrivateNetworks);
            return await HappyEyeballs.ConnectAsync(HappyEyeballs.Order(allowed), (address, abandon) => ConnectAsync(new IPEndPoint(address, port), abandon), time, either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new SocketException((int)SocketError.TimedOut, $"No connection to {(isProxy ? "the proxy " : "")}{host}:{port} within {options.ConnectTimeoutSeconds:0.###} s.");
        }
        catch (SocketException fault) when (isProxy)
        {
            throw new SocketException(fault.ErrorCode, $"The proxy {host}:{port} cannot be reached: {fault.Message}.");
        }
    }

    /// <summary>An IP literal is not passed to the resolver, which refuses 0.0.0.0 and :: with an exception of its own; an IPv4-mapped IPv6 address is called as IPv4.</summary>
    private async Task<IPAddress[]> AddressesOf(string host, CancellationToken cancel)
    {
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Resolve(host, cancel);
        return addresses.Length > 0
            ? Array.ConvertAll(addresses, address => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
            : throw new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint address, CancellationToken cancel)
    {
        var socket = OutboundSocket.Open(address.AddressFamily);
        try
        {
            await socket.ConnectAsync(address, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
