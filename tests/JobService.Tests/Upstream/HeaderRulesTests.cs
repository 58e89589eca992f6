using JobService.Jobs;
using JobService.Tests.Support;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

public sealed class HeaderRulesTests
{
    public static TheoryData<string, string> Forbidden => new()
    {
        { "X-A", "a\r\nX-Injected: 1" },
        { "X-A", "a\nX-Injected: 1" },
        { "X-A", "a\rX-Injected: 1" },
        { "X-A", "a\0b" },
        { "X-A", "\u00e4" },
        { "X-A", "\u007f" },
        { "X-A", "\u2028" },
        { "X-A", " a" },
        { "X-A", "a\t" },
        { "", "a" },
        { "X A", "a" },
        { "X-A:", "a" },
        { "X-A\r\nX-Injected", "a" },
        { "X-\u00c4", "a" },
        { "Host", "elsewhere" },
        { "accept-encoding", "gzip, zstd" },
        { "Accept-Encoding", "*" },
        { "host", "elsewhere" },
        { "Content-Length", "5" },
        { "Transfer-Encoding", "chunked" },
        { "Connection", "close" },
        { "TE", "trailers" },
        { "Upgrade", "h2c" },
        { "Expect", "100-continue" },
        { "Keep-Alive", "timeout=5" },
        { "Trailer", "X-A" },
        { "Proxy-Authorization", "Basic x" },
        { "proxy-connection", "close" },
        { "X-Job-Id", "other" },
        { "x-job-attempt", "9" },
        { "Idempotency-Key", "mine" },
    };

    [Theory]
    [MemberData(nameof(Forbidden))]
    public void These_may_not_be_set(string name, string value) => Assert.NotNull(HeaderRules.Fault(name, value));

    [Theory]
    [InlineData("X-A", "")]
    [InlineData("X-A", "a b\tc ~!\"")]
    [InlineData("authorization", "Bearer abc.def==")]
    [InlineData("Content-Type", "text/plain; charset=utf-8")]
    [InlineData("!#$%&'*+-.^_`|~09az", "x")]
    [InlineData("Tea", "x")]
    [InlineData("accept-encoding", "br;q=1, GZIP , x-gzip;q=0.5, identity, *;q=0.0")]
    public void These_may_be_set(string name, string value) => Assert.Null(HeaderRules.Fault(name, value));

    [Theory]
    [MemberData(nameof(Forbidden))]
    public async Task What_got_past_the_front_door_is_still_not_sent(string name, string value)
    {
        await using var server = new RawTcpApi(Respond());
        await using var byQueue = Calls.Http(server.Address, new() { [name] = new HeaderValue.Text(value) });
        await using var byJob = Calls.Http(server.Address);

        var ofQueue = await byQueue.BrokenAsync();
        var ofJob = await byJob.BrokenAsync(Calls.Of(new ApiRequest { Headers = new Dictionary<string, string> { [name] = value } }));

        Assert.False(ofQueue.MayRetry);
        Assert.False(ofJob.MayRetry);
        Assert.Equal(0, server.ConnectionCount);
    }
}
