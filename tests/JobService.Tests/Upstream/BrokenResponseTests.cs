using System.Text;
using JobService.Jobs;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Time.Testing;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

public sealed class BrokenResponseTests
{
    private const int Cap = 100_000;

    private static readonly UpstreamOptions Capped = new() { AllowPrivateNetworks = true, MaxResponseBytes = Cap };

    public static TheoryData<string> NoHttp =>
    [
        "",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 2000 What\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf.",
        "HTTP/1.1 200 OK\r\nX-Long: " + new string('x', 100_000) + "\r\n\r\n",
    ];

    [Theory]
    [MemberData(nameof(NoHttp))]
    public async Task What_is_no_whole_answer_may_be_tried_again(string response)
    {
        await using var server = new RawTcpApi(Cut(response));
        await using var api = Calls.Http(server.Address);

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.Transport, true), (broken.Type, broken.MayRetry));
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    public async Task A_port_without_TLS_is_called_so(string first)
    {
        await using var server = new LoopbackServer(async (client, stop) =>
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(first), stop);
            await client.Client.ReceiveAsync(new byte[4_096], stop);
        });
        await using var api = Calls.Http($"https://127.0.0.1:{server.Port}");

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.Transport, true), (broken.Type, broken.MayRetry));
        Assert.Equal("The server does not speak TLS at this port. If it is to be called without TLS, its address must begin with http://.", broken.Detail);
    }

    [Fact]
    public async Task Nobody_listening_may_be_tried_again()
    {
        var server = new RawTcpApi(Close());
        var address = server.Address;
        await server.DisposeAsync();
        await using var api = Calls.Http(address);

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.Transport, true), (broken.Type, broken.MayRetry));
    }

    [Fact]
    public async Task An_answer_over_the_cap_is_not_tried_again_and_drops_the_connection()
    {
        await using var server = new RawTcpApi(Huge(50 * Cap));
        await using var api = Calls.Http(server.Address, options: Capped);

        var broken = await api.BrokenAsync();

        Assert.Equal((ErrorTypes.TooLarge, false), (broken.Type, broken.MayRetry));
        await server.ClientGone;
    }

    [Theory]
    [InlineData(Cap, true)]
    [InlineData(Cap + 1, false)]
    public async Task The_cap_is_exact(int bytes, bool passes)
    {
        await using var server = new RawTcpApi(Respond(200, new string('x', bytes)));
        await using var api = Calls.Http(server.Address, options: Capped);

        var response = await api.CallAsync();

        Assert.Equal(passes, response is CallResult.Responded { Body.Length: Cap });
    }

    [Fact]
    public async Task A_HEAD_may_announce_more_than_the_cap()
    {
        await using var server = new RawTcpApi(Head(200, "Content-Length: 999999999"));
        await using var api = Calls.Http(server.Address, options: Capped);

        var response = await api.RespondedAsync(Calls.Of(new ApiRequest { Method = "HEAD" }));

        Assert.Equal((200, 0), (response.Status, response.Body.Length));
    }

    [Theory]
    [InlineData("text/plain; charset=utf-8", "text/plain; charset=utf-8")]
    [InlineData("text/\u00e4", null)]
    [InlineData("", null)]
    public async Task A_content_type_that_no_header_may_carry_is_left_out(string sent, string? kept)
    {
        await using var server = new RawTcpApi(Respond(200, "x", $"Content-Type: {sent}"));
        await using var api = Calls.Http(server.Address);

        Assert.Equal(kept, (await api.RespondedAsync()).ContentType);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_attempt_that_takes_too_long_is_a_timeout_and_closes_its_connection(bool afterTheHead)
    {
        var time = new FakeTimeProvider();
        await using var server = new RawTcpApi(afterTheHead ? Stall() : Silence());
        await using var api = Calls.Http(server.Address, time: time);

        var call = api.CallAsync(Calls.Of(timeout: TimeSpan.FromSeconds(5)));
        await server.FirstRequest;
        time.Advance(TimeSpan.FromSeconds(5));

        var broken = Assert.IsType<CallResult.Failed>(await call);
        Assert.Equal((ErrorTypes.Timeout, true), (broken.Type, broken.MayRetry));
        await server.ClientGone;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_abandoned_call_closes_its_connection(bool afterTheHead)
    {
        using var abandon = new CancellationTokenSource();
        await using var server = new RawTcpApi(afterTheHead ? Stall() : Silence());
        await using var api = Calls.Http(server.Address);

        var call = api.CallAsync(Calls.Of(), () => true, abandon.Token);
        await server.FirstRequest;
        await abandon.CancelAsync();

        var stopped = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience.Hang, Calls.Cancel));
        Assert.Equal(abandon.Token, stopped.CancellationToken);
        await server.ClientGone;
    }

    [Fact]
    public async Task A_call_abandoned_before_it_starts_is_not_asked_for_its_slot()
    {
        await using var api = Calls.Http("http://127.0.0.1:9");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => api.CallAsync(Calls.Of(), () => throw new InvalidOperationException("asked"), new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData("//127.0.0.1/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("nonsense")]
    public async Task What_is_no_http_address_is_not_called(string address)
    {
        await using var api = Calls.Http(address);

        Assert.False((await api.BrokenAsync()).MayRetry);
    }

    [Fact]
    public async Task A_body_of_many_reads_arrives_whole()
    {
        var body = string.Concat(Enumerable.Range(0, 20_000).Select(number => number.ToString()));
        await using var server = new RawTcpApi(Respond(200, body));
        await using var api = Calls.Http(server.Address);

        var response = await api.RespondedAsync();

        Assert.Equal(body, Encoding.ASCII.GetString(response.Body.Span));
    }
}
