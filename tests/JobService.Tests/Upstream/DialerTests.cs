using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using JobService.Jobs;
using JobService.Tests.Callbacks;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Time.Testing;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

/// <summary>A name with several addresses is reached when one of them answers.</summary>
public sealed class DialerTests
{
    private static readonly IPAddress first = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress second = IPAddress.Parse("192.0.2.2");
    private static readonly IPAddress third = IPAddress.Parse("192.0.2.3");

    private readonly FakeTimeProvider time = new();
    private readonly Dictionary<IPAddress, TaskCompletionSource<Socket>> answers = new() { [first] = new(), [second] = new(), [third] = new() };
    private readonly Channel<IPAddress> tried = Channel.CreateUnbounded<IPAddress>();
    private CancellationToken abandoned;

    [Fact]
    public async Task The_next_address_joins_after_a_while_and_the_first_that_answers_is_taken()
    {
        var connecting = ConnectAsync(first, second, third);
        Assert.Equal(first, await NextTriedAsync());
        time.Advance(HappyEyeballs.AttemptDelay - TimeSpan.FromTicks(1));
        Assert.False(tried.Reader.TryPeek(out _));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(second, await NextTriedAsync());
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        answers[second].SetResult(socket);

        Assert.Same(socket, await connecting);
        Assert.True(abandoned.IsCancellationRequested);
    }

    [Fact]
    public async Task After_a_refusal_the_next_address_is_tried_at_once()
    {
        var connecting = ConnectAsync(first, second);
        answers[first].SetException(new SocketException((int)SocketError.ConnectionRefused));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        answers[second].SetResult(socket);

        Assert.Same(socket, await connecting);
        Assert.Equal((first, second), (await NextTriedAsync(), await NextTriedAsync()));
    }

    [Fact]
    public async Task A_slow_first_address_still_wins_over_a_dead_second()
    {
        var connecting = ConnectAsync(first, second);
        time.Advance(HappyEyeballs.AttemptDelay);
        answers[second].SetException(new SocketException((int)SocketError.ConnectionRefused));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        answers[first].SetResult(socket);

        Assert.Same(socket, await connecting);
    }

    [Fact]
    public async Task Where_none_answers_it_is_a_failure()
    {
        var connecting = ConnectAsync(first, second);
        time.Advance(HappyEyeballs.AttemptDelay);
        answers[second].SetException(new SocketException((int)SocketError.HostUnreachable));
        answers[first].SetException(new SocketException((int)SocketError.ConnectionRefused));

        await Assert.ThrowsAsync<SocketException>(() => connecting);
    }

    [Fact]
    public async Task A_connection_that_comes_too_late_is_closed()
    {
        // Deaf to its cancellation, as an attempt is that has just succeeded.
        var connecting = HappyEyeballs.ConnectAsync([first, second], (address, _) => answers[address].Task, time, TestContext.Current.CancellationToken).AsTask();
        time.Advance(HappyEyeballs.AttemptDelay);
        using var winner = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
        answers[second].SetResult(winner);
        await connecting;
        answers[first].SetResult(late);

        Assert.True(late.SafeHandle.IsClosed);
        Assert.False(winner.SafeHandle.IsClosed);
    }

    [Fact]
    public async Task Whoever_gives_up_ends_all_attempts()
    {
        using var cancel = new CancellationTokenSource();
        var connecting = HappyEyeballs.ConnectAsync([first, second], Connect, time, cancel.Token).AsTask();
        time.Advance(HappyEyeballs.AttemptDelay);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        Assert.True(abandoned.IsCancellationRequested);
    }

    [Fact]
    public void The_families_take_turns()
    {
        IPAddress[] six = [.. Enumerable.Range(1, 12).Select(i => IPAddress.Parse($"2001:db8::{i}"))];

        Assert.Equal([six[0], first, six[1], second, six[2], third], HappyEyeballs.Order([six[0], six[1], six[2], first, second, third]));
        Assert.Equal([first, six[0], second], HappyEyeballs.Order([first, second, six[0]]));
        Assert.Equal(10, HappyEyeballs.Order(six).Count);
    }

    [Fact]
    public async Task A_call_gets_past_an_address_that_drops_packets()
    {
        await using var server = new RawTcpApi(Respond());
        using var hole = new BlackHole(server.Port);
        var options = new UpstreamOptions { AllowPrivateNetworks = true };
        await using var api = Calls.Http($"http://api.example:{server.Port}", options: options, dialer: Leading(options, hole.Address, IPAddress.Loopback));

        Assert.Equal(200, (await api.RespondedAsync()).Status);
        Assert.Equal(200, (await api.RespondedAsync(Calls.Of() with { Paced = true })).Status);
    }

    [Fact]
    public async Task A_callback_gets_past_an_address_that_drops_packets()
    {
        await using var hook = new HookReceiver(Respond(204, ""));
        using var hole = new BlackHole(new Uri(hook.Url).Port);
        var options = new UpstreamOptions { AllowPrivateNetworks = true };
        await using var sender = await SenderDriver.StartAsync(driver => driver.Dialer = Leading(options, hole.Address, IPAddress.Loopback));

        await sender.EndJobAsync(hook.Url.Replace("127.0.0.1", "hook.example", StringComparison.Ordinal));

        Assert.NotEmpty((await hook.NextAsync()).Id());
    }

    [Fact]
    public async Task An_address_that_may_not_be_called_is_not_called_beside_one_that_may()
    {
        await using var server = new RawTcpApi(Respond());
        var options = new UpstreamOptions { AllowPrivateNetworks = PrivateNetworks.Read("127.0.0.9"), ConnectTimeoutSeconds = 0.5 };
        await using var api = Calls.Http($"http://api.example:{server.Port}", options: options, dialer: Leading(options, IPAddress.Parse("127.0.0.9"), IPAddress.Loopback));

        Assert.Equal(ErrorTypes.Transport, (await api.BrokenAsync()).Type);
        Assert.Equal(0, server.ConnectionCount);
    }

    [Theory]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:7f00:1]")]
    public async Task IPv4_in_the_clothes_of_IPv6_is_called(string host)
    {
        await using var server = new RawTcpApi(Respond());
        await using var api = Calls.Http($"http://{host}:{server.Port}");

        Assert.Equal(200, (await api.RespondedAsync()).Status);
    }

    private static Dialer Leading(UpstreamOptions options, params IPAddress[] addresses) => new(options, TimeProvider.System) { Resolve = (_, _) => Task.FromResult(addresses) };

    private Task<Socket> ConnectAsync(params IPAddress[] addresses) => HappyEyeballs.ConnectAsync(addresses, Connect, time, TestContext.Current.CancellationToken).AsTask();

    private async Task<IPAddress> NextTriedAsync() => await tried.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience.Hang);

    private Task<Socket> Connect(IPAddress address, CancellationToken abandon)
    {
        tried.Writer.TryWrite(address);
        abandoned = abandon;
        return answers[address].Task.WaitAsync(abandon);
    }

    /// <summary>A port whose queue is full: the kernel drops what else would connect.</summary>
    private sealed class BlackHole : IDisposable
    {
        private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> waiting = [];

        public BlackHole(int port)
        {
            listener.Bind(new IPEndPoint(Address, port));
            listener.Listen(0);
            for (var i = 0; i < 4; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                waiting.Add(socket);
                try
                {
                    socket.Connect(Address, port);
                }
                catch (SocketException pending) when (pending.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                {
                    // That is what it is for.
                }
            }
        }

        public IPAddress Address { get; } = IPAddress.Parse("127.0.0.8");

        public void Dispose()
        {
            waiting.ForEach(socket => socket.Dispose());
            listener.Dispose();
        }
    }
}
