using System.Net;
using System.Net.Sockets;

namespace JobService.Jobs;

/// <summary>Reads an address or a network out of a setting: <c>192.168.7.3</c>, <c>10.1.0.0/16</c>, <c>fd12:3456::/32</c>.</summary>
/// <remarks>
/// What the resolver takes besides is refused, for it means another network than the eye reads: 10/8 is 0.0.0.10/8 to it, 010.0.0.0/8 is octal for 8.0.0.0/8, and of 10.1.2.3/8 nobody knows whether one address or all of
/// them were meant.
/// </remarks>
internal static class NetworkText
{
    /// <returns>The network, of one address where no length is given; or what is wrong with the text, in one sentence and how it is written right.</returns>
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

    // An IPv6 address may be written in many ways that all mean the same, but for an IPv4 address within it.
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
