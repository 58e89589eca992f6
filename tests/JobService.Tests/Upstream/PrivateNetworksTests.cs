using System.ComponentModel.DataAnnotations;
using System.Net;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Configuration;

namespace JobService.Tests.Upstream;

/// <summary>Which networks the operator opens, as written in the configuration.</summary>
public sealed class PrivateNetworksTests
{
    [Theory]
    [InlineData("false", "10.0.0.1", false)]
    [InlineData("", "10.0.0.1", false)]
    [InlineData("True", "10.0.0.1", true)]
    [InlineData("true", "127.0.0.1", true)]
    [InlineData("true", "fd12:3456::1", true)]
    [InlineData("10.1.0.0/16", "10.1.255.7", true)]
    [InlineData("10.1.0.0/16", "::ffff:10.1.0.1", true)]
    [InlineData("10.1.0.0/16", "10.2.0.1", false)]
    [InlineData("10.1.0.0/16", "127.0.0.1", false)]
    [InlineData("::ffff:10.1.0.0/112", "10.1.0.1", true)]
    [InlineData("10.1.0.0/16, 192.168.7.3 fd12:3456::/32", "192.168.7.3", true)]
    [InlineData("10.1.0.0/16, 192.168.7.3 fd12:3456::/32", "192.168.7.4", false)]
    [InlineData("10.1.0.0/16, 192.168.7.3 fd12:3456::/32", "fd12:3456:1::1", true)]
    public void A_network_is_open_when_it_is_named_or_all_are(string text, string address, bool opens) => Assert.Equal(opens, Read(text).Opens(IPAddress.Parse(address)));

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.170.2")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::a9fe:a9fe")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd00:ec2::23")]
    [InlineData("fd20:ce::254")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    public void What_hands_out_the_credentials_of_the_machine_stays_closed_unless_it_is_named_itself(string address)
    {
        var metadata = IPAddress.Parse(address);

        Assert.False(AddressGuard.IsPublic(metadata));
        foreach (var wide in (string[])["true", "0.0.0.0/0", "::/0", "0.0.0.0/0,::/0", "fc00::/7", "100.64.0.0/10"])
            Assert.False(Read(wide).Opens(metadata), wide);
        Assert.True(Read($"10.0.0.0/8, {address.Split('%')[0]}").Opens(IPAddress.Parse(address.Split('%')[0])));
    }

    [Fact]
    public void A_range_within_the_link_local_network_opens_itself_alone()
    {
        var networks = Read("169.254.169.0/24");

        Assert.True(networks.Opens(IPAddress.Parse("169.254.169.254")));
        Assert.False(networks.Opens(IPAddress.Parse("169.254.170.2")));
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.1")]
    [InlineData("true, 10.0.0.0/8")]
    [InlineData("intranet.example.com")]
    public void What_is_no_network_stops_the_start(string text)
    {
        var options = Bound(text);

        var fault = Assert.Single(options.Validate(new ValidationContext(options)));
        Assert.Equal([nameof(UpstreamOptions.AllowPrivateNetworks)], fault.MemberNames);
        Assert.False(options.AllowPrivateNetworks.Opens(IPAddress.Parse("10.0.0.1")));
    }

    [Fact]
    public async Task Only_the_named_network_is_called()
    {
        await using var server = new RawTcpApi(WireReplies.Respond());
        await using var named = Calls.Http($"http://localhost:{server.Port}", options: Bound("127.0.0.0/8"));
        await using var other = Calls.Http($"http://localhost:{server.Port}", options: Bound("10.0.0.0/8"));

        Assert.Equal(200, (await named.RespondedAsync()).Status);
        Assert.Equal(JobService.Jobs.ErrorTypes.Blocked, (await other.BrokenAsync()).Type);
        Assert.Equal(1, server.ConnectionCount);
    }

    private static PrivateNetworks Read(string text) => Bound(text).AllowPrivateNetworks;

    private static UpstreamOptions Bound(string text)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["AllowPrivateNetworks"] = text }).Build();
        return configuration.Get<UpstreamOptions>() ?? new UpstreamOptions();
    }
}
