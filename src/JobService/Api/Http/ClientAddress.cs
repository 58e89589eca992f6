using System.Net;

namespace JobService.Api.Http;

/// <summary>The sender of a request, for logs and for limits per client.</summary>
internal static class ClientAddress
{
    /// <summary>The upper half of an IPv6 address is the client's network; the client can choose the lower half freely.</summary>
    private const int NetworkBytes = 8;

    public static string Of(HttpContext http) => Plain(http.Connection.RemoteIpAddress)?.ToString() ?? "unknown";

    /// <summary>What a client cannot change at will: its IPv4 address, or the network of its IPv6 address.</summary>
    public static IPAddress NetworkOf(HttpContext http)
    {
        var address = Plain(http.Connection.RemoteIpAddress) ?? IPAddress.None;
        var bytes = address.GetAddressBytes();
        if (bytes.Length <= NetworkBytes)
            return address;
        Array.Clear(bytes, NetworkBytes, bytes.Length - NetworkBytes);
        return new IPAddress(bytes);
    }

    public static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
