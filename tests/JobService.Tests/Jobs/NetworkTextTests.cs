using System.Net;
using JobService.Jobs;

namespace JobService.Tests.Jobs;

public sealed class NetworkTextTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("10.1.2.3", "10.1.2.3/32")]
    [InlineData("10.1.2.3/32", "10.1.2.3/32")]
    [InlineData("10.1.2.128/25", "10.1.2.128/25")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("::/0", "::/0")]
    [InlineData("::1", "::1/128")]
    [InlineData("FD12:3456:0::/32", "fd12:3456::/32")]
    [InlineData("fe80::/10", "fe80::/10")]
    [InlineData("::ffff:10.1.0.0/112", "::ffff:10.1.0.0/112")]
    public void What_can_be_read_in_one_way_is_taken(string text, string network) => Assert.Equal((IPNetwork.Parse(network), null), NetworkText.Read(text));

    [Theory]
    [InlineData("10/8", "as 10.0.0.0/8")]
    [InlineData("1/8", "all four numbers")]
    [InlineData("10.1", "all four numbers")]
    [InlineData("010.0.0.0/8", "without leading zeros")]
    [InlineData("0x0a.0.0.0/8", "in decimal")]
    [InlineData("167772160/8", "in decimal")]
    [InlineData("::ffff:010.0.0.0/104", "")]
    [InlineData("10.1.2.3/8", "write 10.0.0.0/8 for the whole network, or 10.1.2.3 for this address alone")]
    [InlineData("10.0.0.128/24", "write 10.0.0.0/24 ")]
    [InlineData("10.0.0.1/31", "write 10.0.0.0/31 ")]
    [InlineData("1.2.3.4/0", "write 0.0.0.0/0 ")]
    [InlineData("fd12:3456::1/32", "write fd12:3456::/32 for the whole network, or fd12:3456::1 ")]
    [InlineData("::ffff:10.1.2.3/104", "write ::ffff:10.0.0.0/104 ")]
    [InlineData("10.0.0.0/33", "is no network")]
    [InlineData("10.0.0.0/", "is no network")]
    [InlineData("10.0.0.0/-1", "is no network")]
    [InlineData("10.0.0.0/8/8", "is no network")]
    [InlineData("/8", "is no network")]
    [InlineData("", "is no network")]
    [InlineData("intranet.example.com", "is no network")]
    public void What_could_mean_another_one_is_not(string text, string expected)
    {
        var (network, fault) = NetworkText.Read(text);

        Assert.Null(network);
        Assert.StartsWith($"'{text}' ", fault, StringComparison.Ordinal);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }
}
