using System.Net;
using JobService.Jobs;
using JobService.Tests.Support;
using JobService.Upstream;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

public sealed class AddressGuardTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("10.255.255.255")]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.255")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.19.255.255")]
    [InlineData("224.0.0.1")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:0:127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("2001::1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("fc00::1")]
    [InlineData("fdff:ffff::1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("febf::1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void These_are_not_public(string address) => Assert.False(AddressGuard.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("8.8.8.8")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("128.0.0.1")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001::1")]
    public void These_are_public(string address) => Assert.True(AddressGuard.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("017700000001")]
    [InlineData("0.0.0.0")]
    [InlineData("0")]
    [InlineData("127。0。0。1")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST")]
    [InlineData("[::]")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:7f00:1]")]
    [InlineData("[64:ff9b::7f00:1]")]
    public async Task No_spelling_of_this_machine_gets_a_connection(string host)
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http($"http://{host}:{server.Port}", options: new UpstreamOptions());

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.Blocked, false), (broken.Type, broken.MayRetry));
        Assert.Contains("AllowPrivateNetworks", broken.Detail, StringComparison.Ordinal);
        Assert.Equal(0, server.ConnectionCount);
    }

    [Theory]
    [InlineData("①②⑦.0.0.1")]
    [InlineData("localhost.")]
    public async Task A_spelling_that_only_some_resolvers_read_as_this_machine_gets_none_either(string host)
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http($"http://{host}:{server.Port}", options: new UpstreamOptions());

        Assert.True((await api.BrokenAsync()).Type is ErrorTypes.Blocked or ErrorTypes.Transport);
        Assert.Equal(0, server.ConnectionCount);
    }

    [Fact]
    public async Task Private_networks_can_be_opened()
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http($"http://localhost:{server.Port}", options: new UpstreamOptions { AllowPrivateNetworks = true });

        Assert.Equal(200, (await api.RespondedAsync()).Status);
    }

    [Fact]
    public async Task A_redirect_to_this_machine_leads_nowhere()
    {
        await using var server = new RawTcpApi(Respond(307, "", "Location: http://169.254.169.254/latest/meta-data"));
        await using var api = Calls.Http(server.Address);

        Assert.Equal(307, (await api.RespondedAsync()).Status);
        Assert.Equal(1, server.ConnectionCount);
    }
}
