using System.Net;
using JobService.Upstream;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace JobService.Api.Http;

/// <summary>Accepts no connection while too many are open: those beyond <see cref="Descriptors.Inbound"/> are closed as they come, and closing them may take longer than accepting the next.</summary>
/// <remarks>Each that is accepted takes a descriptor until it is closed, and a process without descriptors ends. Clients wait in the queue of the system instead.</remarks>
/// <param name="sockets">Opens the listeners.</param>
/// <param name="most">Connections that may be open at once, of one listener.</param>
internal sealed class PatientListeners(IConnectionListenerFactory sockets, int most) : IConnectionListenerFactory
{
    /// <summary>Connections beyond the bound that may be on their way out.</summary>
    private const int Closing = 16;

    public static IConnectionListenerFactory Of(IServiceProvider services) => new PatientListeners(
        ActivatorUtilities.CreateInstance<SocketTransportFactory>(services), Descriptors.Inbound + Closing);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await sockets.BindAsync(endpoint, cancellationToken), most);

    private sealed class Listener(IConnectionListener inner, int most) : IConnectionListener
    {
        private readonly SemaphoreSlim places = new(most);
        private readonly CancellationTokenSource unbound = new();

        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            // The listener ends while it waits: that is told as by one that accepts.
            await places.WaitAsync(unbound.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var connection = await inner.AcceptAsync(cancellationToken);
            connection?.ConnectionClosed.UnsafeRegister(static places => ((SemaphoreSlim)places!).Release(), places);
            return connection;
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await unbound.CancelAsync();
            await inner.UnbindAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await unbound.CancelAsync();
            await inner.DisposeAsync(); // connections that are still open give their places back later: nothing is disposed that they use
        }
    }
}
