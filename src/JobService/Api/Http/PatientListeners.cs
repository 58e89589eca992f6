using System.Net;
using JobService.Upstream;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace JobService.Api.Http;

/// <summary>Accepts no connection while too many are open: those beyond <see cref="Descriptors.Inbound"/> are closed at once, and closing them may take longer than accepting the next.</summary>
/// <remarks>Each accepted connection takes a file descriptor until it is closed, and a process that runs out of them fails. Clients wait in the accept queue of the kernel instead.</remarks>
/// <param name="sockets">Opens the listeners.</param>
/// <param name="most">Connections of one listener that may be open at once.</param>
internal sealed class PatientListeners(IConnectionListenerFactory sockets, int most) : IConnectionListenerFactory
{
    /// <summary>Connections beyond the bound that may be closing.</summary>
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
            // The listener was closed while it waited: reported as by an accepting listener.
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
            await inner.DisposeAsync(); // connections that are still open release their places later, so nothing that they use is disposed
        }
    }
}
