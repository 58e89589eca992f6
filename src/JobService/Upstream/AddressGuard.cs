using System.Net;
using System.Net.Sockets;
using Microsoft.Security.AntiSSRF;

namespace JobService.Upstream;

/// <summary>Opens connections to public addresses only: decided on the address that is connected, not on the name it came from.</summary>
public static class AddressGuard
{
    // The list is Microsoft's, kept current with the package. Missing in it: IPv4-compatible (RFC 4291, section 2.5.5.1) and
    // IPv4-translated addresses (RFC 2765, section 2.1).
    private static readonly IPNetwork[] NotPublic =
        [.. IPAddressRanges.recommendedLatest.Append("::/96").Append("::ffff:0:0:0/96").Select(network => IPNetwork.Parse(network))];

    public static bool IsPublic(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return !Array.Exists(NotPublic, network => network.Contains(plain)) && !PrivateNetworks.IsMetadata(plain);
    }

    /// <summary>The exception of this guard that others have wrapped; null when something else has happened.</summary>
    public static AddressBlockedException? BlockedBy(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is AddressBlockedException blocked)
                return blocked;
        }

        return null;
    }

    /// <summary>Connects to the first address of the name that may be called and answers.</summary>
    /// <exception cref="AddressBlockedException">The name has no address that may be called.</exception>
    public static async ValueTask<Socket> ConnectAsync(DnsEndPoint name, PrivateNetworks open, CancellationToken cancel)
    {
        // A literal is not asked of the resolver, which refuses 0.0.0.0 and :: with an exception of its own.
        var addresses = IPAddress.TryParse(name.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(name.Host, cancel);
        var allowed = Array.FindAll(addresses, address => IsPublic(address) || open.Opens(address));
        if (addresses.Length > 0 && allowed.Length == 0)
            throw new AddressBlockedException(name.Host);

        Exception failure = new SocketException((int)SocketError.HostNotFound);
        foreach (var address in allowed)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, name.Port), cancel);
                return socket;
            }
            catch (Exception error)
            {
                socket.Dispose();
                cancel.ThrowIfCancellationRequested();
                failure = error;
            }
        }

        throw failure;
    }
}

/// <summary>The name leads to no address that may be called.</summary>
public sealed class AddressBlockedException : Exception
{
    public AddressBlockedException()
    {
    }

    public AddressBlockedException(string host)
        : base($"'{host}' does not lead to a public address. JobService:Upstream:AllowPrivateNetworks opens private networks, and link-local addresses that it names.")
    {
    }

    public AddressBlockedException(string host, Exception innerException)
        : base(host, innerException)
    {
    }
}
