using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using JobService.Jobs;

namespace JobService.Upstream;

/// <summary>Private networks that may be called: none, all of them, or those that the operator named.</summary>
/// <remarks>
/// Link-local networks and cloud metadata services hand out the machine's credentials to anyone who asks. They stay blocked even with
/// <c>true</c> or a wider range: only a range within them allows them.
/// </remarks>
[TypeConverter(typeof(PrivateNetworksText))]
[JsonConverter(typeof(PrivateNetworksJson))]
public sealed record PrivateNetworks
{
    private static readonly char[] separators = [',', ' '];

    // Link-local (RFC 3927, RFC 4291); in addition, metadata addresses elsewhere: AWS and Google over IPv6, Alibaba, Oracle, Azure.
    private static readonly IPNetwork[] metadata =
    [
        .. ((string[])["169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "fd20:ce::/64", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32"]).Select(network => IPNetwork.Parse(network)),
    ];

    // IPv6 networks that embed IPv4 addresses, and the position of the address in them: RFC 6052, RFC 8215, RFC 4291, RFC 2765, RFC 3056.
    private static readonly (IPNetwork Network, int At)[] embedding =
    [
        (IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("64:ff9b:1::/48"), 12), (IPNetwork.Parse("::/96"), 12), (IPNetwork.Parse("::ffff:0:0:0/96"), 12),
        (IPNetwork.Parse("2002::/16"), 2),
    ];

    private readonly IPNetwork[] named;

    private PrivateNetworks(string text, bool all, IPNetwork[] named, string? fault = null)
    {
        Text = text;
        IsAll = all;
        this.named = named;
        Fault = fault;
    }

    public static PrivateNetworks None { get; } = new("false", all: false, []);

    public static PrivateNetworks All { get; } = new("true", all: true, []);

    /// <summary>As the operator wrote it.</summary>
    public string Text { get; }

    /// <summary>What is wrong with the text; null when it can be read.</summary>
    public string? Fault { get; }

    /// <summary>Whether every private network is allowed.</summary>
    public bool IsAll { get; }

    public static implicit operator PrivateNetworks(bool all) => FromBoolean(all);

    public static PrivateNetworks FromBoolean(bool all) => all ? All : None;

    /// <param name="text"><c>true</c>, <c>false</c>, or addresses and ranges such as <c>10.1.0.0/16, 192.168.7.3</c>, separated by commas or spaces.</param>
    public static PrivateNetworks Read(string text)
    {
        var words = text.Split(separators, StringSplitOptions.RemoveEmptyEntries);
        if (words is [] || (words is [var only] && bool.TryParse(only, out _)))
            return words is [] ? None : FromBoolean(bool.Parse(words[0]));

        var networks = new List<IPNetwork>();
        foreach (var word in words)
        {
            var (read, fault) = NetworkText.Read(word);
            if (read is not { } network)
                return new PrivateNetworks(text, all: false, [], $"{fault} Write true, false, or networks separated by commas, as 10.1.0.0/16, 192.168.7.3, fd12:3456::/32.");
            networks.Add(Plain(network));
        }

        return new PrivateNetworks(text, all: false, [.. networks]);
    }

    /// <param name="address">A private address.</param>
    public bool Opens(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var closed in metadata)
        {
            if (Holds(closed, plain))
                return Array.Exists(named, network => network.Contains(plain) && IsWithin(network, closed));
        }

        return IsAll || Array.Exists(named, network => network.Contains(plain));
    }

    /// <summary>Whether the address is blocked because it hands out credentials.</summary>
    public static bool IsMetadata(IPAddress address) => Array.Exists(metadata, network => Holds(network, address));

    public override string ToString() => Text;

    // The IPv6 form of an address within a named network counts as named, too.
    private static bool IsWithin(IPNetwork network, IPNetwork closed) =>
        (closed.Contains(network.BaseAddress) && network.PrefixLength >= closed.PrefixLength)
        || (network.PrefixLength == 128 && Holds(closed, network.BaseAddress));

    private static bool Holds(IPNetwork network, IPAddress address) => network.Contains(address) || (EmbeddedIn(address) is { } inner && network.Contains(inner));

    private static IPAddress? EmbeddedIn(IPAddress address)
    {
        foreach (var (network, at) in embedding)
        {
            if (network.Contains(address))
                return new IPAddress(address.GetAddressBytes().AsSpan(at, 4));
        }

        return null;
    }

    private static IPNetwork Plain(IPNetwork network) =>
        network is { BaseAddress.IsIPv4MappedToIPv6: true, PrefixLength: >= 96 } ? new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - 96) : network;
}

/// <summary>Converts the configuration's text to networks. Errors are reported by the validation of the options, under its key.</summary>
internal sealed class PrivateNetworksText : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => PrivateNetworks.Read((string)value);
}

internal sealed class PrivateNetworksJson : JsonConverter<PrivateNetworks>
{
    public override PrivateNetworks Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? PrivateNetworks.Read(reader.GetString()!) : PrivateNetworks.FromBoolean(reader.GetBoolean());

    public override void Write(Utf8JsonWriter writer, PrivateNetworks value, JsonSerializerOptions options)
    {
        if (bool.TryParse(value.Text, out var all))
            writer.WriteBooleanValue(all);
        else
            writer.WriteStringValue(value.Text);
    }
}
