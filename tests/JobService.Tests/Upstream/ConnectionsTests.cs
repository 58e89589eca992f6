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
    public async Task While_one_paced_call_opens_a_connection_the_others_give_their_slots_up()
    {
        var connecting = new TaskCompletionSource<Socket>();
        var connections = new Connections(_ => new ValueTask<Socket>(connecting.Task));

        var first = connections.EnterAsync(paced: true, CancellationToken.None);
        Assert.Null(await connections.EnterAsync(paced: true, CancellationToken.None));
        Assert.NotNull(await connections.EnterAsync(paced: false, CancellationToken.None));

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        connecting.SetResult(await ConnectAsync(listener));
        Assert.NotNull(await first);
        await using var ahead = connections.TakeAhead();
        Assert.NotNull(ahead);
    }

    [Fact]
    public async Task A_connection_that_was_closed_meanwhile_is_not_used()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connections = new Connections(async _ => await ConnectAsync(listener));
        (await connections.EnterAsync(paced: true, CancellationToken.None))!.Value.Leave();
        using (var peer = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken))
        {
            await using var alive = connections.TakeAhead();
            Assert.NotNull(alive);
        }

        (await connections.EnterAsync(paced: true, CancellationToken.None))!.Value.Leave();
        using (var peer = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken))
            peer.Close(0);

        Assert.Null(connections.TakeAhead());
    }

    [Fact]
    public async Task Behind_a_handshake_one_call_goes_ahead_until_the_first_is_ready()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connections = new Connections(async _ => await ConnectAsync(listener), hasHandshake: true);
        var first = await connections.EnterAsync(paced: true, CancellationToken.None);
        Assert.True(first!.Value.GoesAhead);
        await using var stream = connections.TakeAhead();
        Assert.Null(await connections.EnterAsync(paced: true, CancellationToken.None));

        connections.Ready();
        first.Value.Leave();

        Assert.False((await connections.EnterAsync(paced: true, CancellationToken.None))!.Value.GoesAhead);
    }

    [Fact]
    public async Task A_target_that_cannot_be_reached_is_tried_again_by_the_next_paced_call()
    {
        await using var target = Calls.Http($"http://127.0.0.1:{FreePort.Next()}");

        for (var i = 0; i < 3; i++)
            Assert.Equal(ErrorTypes.Transport, (await target.BrokenAsync(Calls.Of() with { Paced = true })).Type);
    }

    private static async Task<Socket> ConnectAsync(TcpListener listener)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint);
        return socket;
    }
}
