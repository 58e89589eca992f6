using System.Net;
using System.Threading.Channels;
using JobService.Api.Http;
using JobService.Tests.Support;
using Microsoft.AspNetCore.Connections;

namespace JobService.Tests.Api;

/// <summary>No more connections are accepted than there are descriptors for, however slowly those before them are closed.</summary>
public sealed class PatientListenersTests : IConnectionListenerFactory, IConnectionListener
{
    private readonly Channel<ConnectionContext?> coming = Channel.CreateUnbounded<ConnectionContext?>();

    public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 0);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => coming.Reader.ReadAsync(cancellationToken);

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        coming.Writer.TryWrite(null);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task The_next_is_accepted_when_one_has_been_closed()
    {
        await using var listener = await ListenAsync(most: 2);
        using var closing = new CancellationTokenSource();
        Come(closing.Token);
        Come(TestContext.Current.CancellationToken);
        Come(TestContext.Current.CancellationToken);

        Assert.NotNull(await AcceptAsync(listener));
        Assert.NotNull(await AcceptAsync(listener));
        var third = AcceptAsync(listener);
        Assert.False(third.IsCompleted);
        await closing.CancelAsync();
        Assert.NotNull(await third.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_end_of_listening_ends_the_wait()
    {
        await using var listener = await ListenAsync(most: 1);
        Come(TestContext.Current.CancellationToken);
        Assert.NotNull(await AcceptAsync(listener));

        var next = AcceptAsync(listener);
        Assert.False(next.IsCompleted);
        await listener.UnbindAsync(TestContext.Current.CancellationToken);
        Assert.Null(await next.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
    }

    private ValueTask<IConnectionListener> ListenAsync(int most) => new PatientListeners(this, most).BindAsync(EndPoint, TestContext.Current.CancellationToken);

    private static Task<ConnectionContext?> AcceptAsync(IConnectionListener listener) => listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask();

    private void Come(CancellationToken closed) => coming.Writer.TryWrite(new DefaultConnectionContext { ConnectionClosed = closed });
}
