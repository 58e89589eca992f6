using System.Net;
using Microsoft.Security.AntiSSRF;

namespace JobService.Upstream;

/// <summary>Decides which addresses may be called: checks the address that is connected to, not the name it was resolved from.</summary>
public static class AddressGuard
{
    // The list is Microsoft's, kept current with the package. It lacks IPv4-compatible (RFC 4291, section 2.5.5.1) and
    // IPv4-translated addresses (RFC 2765, section 2.1).
    private static readonly IPNetwork[] NotPublic =
        [.. IPAddressRanges.recommendedLatest.Append("::/96").Append("::ffff:0:0:0/96").Select(network => IPNetwork.Parse(network))];

    public static bool IsPublic(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return !Array.Exists(NotPublic, network => network.Contains(plain)) && !PrivateNetworks.IsMetadata(plain);
    }

    /// <summary>The exception of this guard inside wrapping exceptions; null when there is none.</summary>
    public static AddressBlockedException? BlockedBy(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is AddressBlockedException blocked)
                return blocked;
        }

        return null;
    }

    /// <summary>The addresses of a name that may be called.</summary>
    /// <exception cref="AddressBlockedException">None of them.</exception>
    public static IPAddress[] Allowed(string host, IPAddress[] addresses, PrivateNetworks open)
    {
        var allowed = Array.FindAll(addresses, address => IsPublic(address) || open.Opens(address));
        return allowed.Length > 0 ? allowed : throw new AddressBlockedException(host);
    }
}

/// <summary>The name has no address that may be called.</summary>
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
