using System.Net;
using System.Net.Sockets;

namespace JobService.Jobs;

/// <summary>Parses an address or a network from a setting: <c>192.168.7.3</c>, <c>10.1.0.0/16</c>, <c>fd12:3456::/32</c>.</summary>
/// <remarks>
/// Other notations that the resolver accepts are refused, because they mean another network than they seem to: 10/8 is 0.0.0.10/8, 010.0.0.0/8 is octal for 8.0.0.0/8, and 10.1.2.3/8 may mean one address or all of
/// them.
/// </remarks>
internal static class NetworkText
{
    /// <returns>The network, of one address if no length is given; or what is wrong with the text, with the correct form.</returns>
    public static (IPNetwork? Network, string? Fault) Read(string text)
    {
        var (first, length) = text.Split('/', 2) is [var before, var after] ? (before, after) : (text, null);
        if (!IPAddress.TryParse(first, out var address) || PrefixOf(length, address) is not { } prefix)
            return (null, $"'{text}' is no network.");
        if (!IsPlain(first, address))
            return (null, $"'{text}' may be read in several ways: write all four numbers of an IPv4 address, in decimal and without leading zeros, as 10.0.0.0/8.");

        var masked = Masked(address, prefix);
        return masked.Equals(address)
            ? (new IPNetwork(address, prefix), null)
            : (null, $"'{text}' is an address within a network: write {masked}/{prefix} for the whole network, or {address} for this address alone.");
    }

    private static int? PrefixOf(string? length, IPAddress address)
    {
        var longest = address.GetAddressBytes().Length * 8;
        if (length is null)
            return longest;
        return int.TryParse(length, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var prefix) && prefix <= longest ? prefix : null;
    }

    // An IPv6 address has many equivalent notations, except for an embedded IPv4 address.
    private static bool IsPlain(string text, IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork
            ? address.ToString() == text
            : !text.Contains('.', StringComparison.Ordinal) || (IPAddress.TryParse(text.Split('%')[0].Split(':')[^1], out var inner) && text.Split('%')[0].EndsWith(":" + inner, StringComparison.Ordinal));

    private static IPAddress Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF00 >> Math.Clamp(prefix - (i * 8), 0, 8));
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(bytes, address.ScopeId) : new IPAddress(bytes);
    }
}
