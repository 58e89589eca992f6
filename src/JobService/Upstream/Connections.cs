using System.Net.Sockets;

namespace JobService.Upstream;

/// <summary>Counts a target's open connections, so that paced calls do not meet at a cold start.</summary>
/// <remarks>
/// A call without a connection is on the wire only when one is open: those that start meanwhile, each in its slot, would all arrive together, and the API
/// would refuse them. So while there is no connection one paced call goes ahead to open it; the others give their slots up.
/// </remarks>
internal sealed class Connections
{
    private int open;
    private volatile bool ready;
    private int opener;

    /// <returns>Null when the call has to give its slot up; otherwise whether it goes ahead and must <see cref="Leave"/> afterwards.</returns>
    public bool? Enter(bool paced)
    {
        if (!paced || ready)
            return false;
        return Interlocked.CompareExchange(ref opener, 1, 0) == 0 ? true : null;
    }

    public void Leave() => Volatile.Write(ref opener, 0);

    public Stream Add(Socket socket)
    {
        Interlocked.Increment(ref open);
        return new Connection(socket, this);
    }

    /// <summary>A connection can carry requests: with TLS, its handshake is over.</summary>
    public void Ready() => ready = true;

    private void Remove()
    {
        if (Interlocked.Decrement(ref open) == 0)
            ready = false;
    }

    private sealed class Connection(Socket socket, Connections all) : NetworkStream(socket, ownsSocket: true)
    {
        private int closed;

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref closed, 1) == 0)
                all.Remove();
            base.Dispose(disposing);
        }
    }
}
