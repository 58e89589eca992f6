using System.Net;
using System.Net.Sockets;
using JobService.Jobs;
using JobService.Tests.Support;
using JobService.Upstream;

namespace JobService.Tests.Upstream;

public sealed class ConnectionsTests
{
    [Fact]
    public void While_there_is_no_connection_one_paced_call_goes_ahead()
    {
        var connections = new Connections();

        Assert.True(connections.Enter(paced: true));
        Assert.Null(connections.Enter(paced: true));
        Assert.False(connections.Enter(paced: false));
        connections.Leave();
        Assert.True(connections.Enter(paced: true));
    }

    [Fact]
    public async Task Once_one_is_open_they_go_side_by_side_until_the_last_has_closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connections = new Connections();
        var streams = new[] { await OpenAsync(listener, connections), await OpenAsync(listener, connections) };
        Assert.True(connections.Enter(paced: true));

        connections.Ready();
        Assert.False(connections.Enter(paced: true));
        await streams[0].DisposeAsync();
        await streams[0].DisposeAsync();
        Assert.False(connections.Enter(paced: true));

        await streams[1].DisposeAsync();
        connections.Leave();
        Assert.True(connections.Enter(paced: true));
    }

    [Fact]
    public async Task A_target_that_cannot_be_reached_is_tried_again_by_the_next_paced_call()
    {
        await using var target = Calls.Http($"http://127.0.0.1:{FreePort.Next()}");

        for (var i = 0; i < 3; i++)
            Assert.Equal(ErrorTypes.Transport, (await target.BrokenAsync(Calls.Of() with { Paced = true })).Type);
    }

    private static async Task<Stream> OpenAsync(TcpListener listener, Connections connections)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint);
        return connections.Add(socket);
    }
}
