using System.Net;
using System.Net.Sockets;
using JobService.Jobs;
using JobService.Tests.Support;
using JobService.Upstream;

namespace JobService.Tests.Upstream;

public sealed class ConnectionsTests
{
    [Fact]
    public async Task A_paced_call_finds_a_connection_that_was_opened_before_its_last_look()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var target = Calls.Http($"http://{listener.LocalEndpoint}");
        var openedBefore = false;

        await target.CallAsync(Calls.Of() with { Paced = true }, () => !(openedBefore = listener.Pending()), TestContext.Current.CancellationToken);

        Assert.True(openedBefore);
    }

    [Fact]
    public async Task As_many_connections_are_opened_ahead_as_calls_are_due()
    {
        var connecting = new List<TaskCompletionSource<Socket>>();
        var connections = new Connections(() => new ValueTask<Socket>(Begin(connecting).Task));

        var calls = Enumerable.Range(0, 3).Select(_ => connections.EnterAsync(paced: true, Calls.Cancel).AsTask()).ToList();
        Assert.Equal(3, connecting.Count);
        Assert.True((await connections.EnterAsync(paced: false, Calls.Cancel)) is var unpaced);
        unpaced.Leave();

        using var listener = Listen();
        connecting[2].SetResult(await ConnectAsync(listener));
        await calls[0].WaitAsync(Patience.Hang, Calls.Cancel);
        Assert.False(calls[1].IsCompleted);
        await using var ahead = connections.TakeAhead();
        Assert.NotNull(ahead);
    }

    [Fact]
    public async Task A_paced_call_takes_the_connection_that_another_one_leaves_before_its_own_is_open()
    {
        var connecting = new List<TaskCompletionSource<Socket>>();
        var connections = new Connections(() => new ValueTask<Socket>(Begin(connecting).Task));
        using var listener = Listen();
        var first = connections.EnterAsync(paced: true, Calls.Cancel);
        connecting[0].SetResult(await ConnectAsync(listener));
        var place = await first;
        var second = connections.EnterAsync(paced: true, Calls.Cancel).AsTask();
        Assert.False(second.IsCompleted);

        place.Leave();

        await second.WaitAsync(Patience.Hang, Calls.Cancel);
        connections.CloseAhead();
    }

    [Fact]
    public async Task A_call_that_is_stopped_while_it_waits_leaves_its_connection_to_the_next()
    {
        var connecting = new List<TaskCompletionSource<Socket>>();
        var connections = new Connections(() => new ValueTask<Socket>(Begin(connecting).Task));
        using var stop = new CancellationTokenSource();
        var stopped = connections.EnterAsync(paced: true, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);
        var next = connections.EnterAsync(paced: true, Calls.Cancel).AsTask();

        using var listener = Listen();
        connecting[0].SetResult(await ConnectAsync(listener));

        await next.WaitAsync(Patience.Hang, Calls.Cancel);
        connections.CloseAhead();
    }

    [Fact]
    public async Task A_connection_that_was_closed_meanwhile_is_not_used()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connections = new Connections(async () => await ConnectAsync(listener));
        (await connections.EnterAsync(paced: true, Calls.Cancel)).Leave();
        using (var peer = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken))
        {
            await using var alive = connections.TakeAhead();
            Assert.NotNull(alive);
        }

        (await connections.EnterAsync(paced: true, Calls.Cancel)).Leave();
        using (var peer = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken))
            peer.Close(0);

        Assert.Null(connections.TakeAhead());
    }

    [Fact]
    public async Task Behind_a_handshake_one_call_goes_ahead_until_the_first_is_ready()
    {
        using var listener = Listen();
        var connections = new Connections(async () => await ConnectAsync(listener), hasHandshake: true);
        await connections.EnterAsync(paced: true, Calls.Cancel);
        await using var stream = connections.TakeAhead();
        var next = connections.EnterAsync(paced: true, Calls.Cancel).AsTask();
        Assert.False(next.IsCompleted);

        connections.Ready();

        await next.WaitAsync(Patience.Hang, Calls.Cancel);
        connections.CloseAhead();
    }

    [Fact]
    public async Task A_target_that_cannot_be_reached_is_tried_again_by_the_next_paced_call()
    {
        await using var target = Calls.Http($"http://127.0.0.1:{FreePort.Next()}");

        for (var i = 0; i < 3; i++)
            Assert.Equal(ErrorTypes.Transport, (await target.BrokenAsync(Calls.Of() with { Paced = true })).Type);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failure_to_connect_names_the_target_whether_the_call_is_paced_or_not(bool paced)
    {
        var options = new UpstreamOptions { AllowPrivateNetworks = true };
        var dialer = new Dialer(options, TimeProvider.System) { Resolve = (_, _) => throw new SocketException((int)SocketError.HostNotFound, "Name or service not known") };
        await using var target = Calls.Http("http://no.such.host.example:8080", options: options, dialer: dialer);

        Assert.Equal("Name or service not known (no.such.host.example:8080)", (await target.BrokenAsync(Calls.Of() with { Paced = paced })).Detail);
    }

    private static TaskCompletionSource<Socket> Begin(List<TaskCompletionSource<Socket>> connecting)
    {
        connecting.Add(new TaskCompletionSource<Socket>());
        return connecting[^1];
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static async Task<Socket> ConnectAsync(TcpListener listener)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint);
        return socket;
    }
}
