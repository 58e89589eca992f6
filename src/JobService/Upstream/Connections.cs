using System.Collections.Concurrent;
using System.Net.Sockets;

namespace JobService.Upstream;

/// <summary>Counts a target's connections and the calls on them, so that a paced call finds one that is open before its last look.</summary>
/// <remarks>
/// A call without a connection is on the wire only when one is open: late, and too close to the next. So a paced call for which none is left opens one ahead
/// and mostly gives its slot up for that; the next slot finds it. One at a time: the others that find none give their slots up at once. The handshake of TLS
/// is the handler's and comes behind the last look: there, until the first connection is ready, one call goes ahead as a whole.
/// </remarks>
internal sealed class Connections(Func<CancellationToken, ValueTask<Socket>> connect, bool hasHandshake = false)
{
    private readonly ConcurrentQueue<Connection> stash = new();
    private int open;
    private int calls;
    private int opening;
    private volatile bool ready;

    /// <summary>A call begins.</summary>
    /// <param name="paced">It has a slot.</param>
    /// <param name="cancel">Ends the connecting.</param>
    /// <returns>Null when it has to give its slot up; otherwise its place, to be left when it has ended.</returns>
    public async ValueTask<Place?> EnterAsync(bool paced, CancellationToken cancel)
    {
        var call = Interlocked.Increment(ref calls);
        if (!paced || (call <= Volatile.Read(ref open) && (ready || !hasHandshake)))
            return new Place(this, GoesAhead: false);

        if (Interlocked.CompareExchange(ref opening, 1, 0) != 0)
        {
            Leave(goesAhead: false);
            return null;
        }

        try
        {
            if (call > Volatile.Read(ref open))
                stash.Enqueue(Add(await connect(cancel)));
        }
        catch
        {
            Leave(goesAhead: true);
            throw;
        }

        if (hasHandshake && !ready)
            return new Place(this, GoesAhead: true);
        Volatile.Write(ref opening, 0);
        return new Place(this, GoesAhead: false);
    }

    /// <summary>A connection that was opened ahead, unless its peer has closed it meanwhile.</summary>
    public Stream? TakeAhead()
    {
        while (stash.TryDequeue(out var connection))
        {
            if (connection.IsAlive)
                return connection;
            connection.Dispose();
        }

        return null;
    }

    public Connection Add(Socket socket)
    {
        Interlocked.Increment(ref open);
        return new Connection(socket, this);
    }

    /// <summary>A connection can carry requests: with TLS, its handshake is over.</summary>
    public void Ready() => ready = true;

    /// <summary>Closes what was opened ahead and never used.</summary>
    public void CloseAhead()
    {
        while (stash.TryDequeue(out var connection))
            connection.Dispose();
    }

    private void Leave(bool goesAhead)
    {
        Interlocked.Decrement(ref calls);
        if (goesAhead)
            Volatile.Write(ref opening, 0);
    }

    private void Remove()
    {
        if (Interlocked.Decrement(ref open) == 0)
            ready = false;
    }

    internal readonly record struct Place(Connections Connections, bool GoesAhead)
    {
        public void Leave() => Connections.Leave(GoesAhead);
    }

    internal sealed class Connection(Socket socket, Connections all) : NetworkStream(socket, ownsSocket: true)
    {
        private int closed;

        /// <summary>Nothing is to be read: neither an end nor bytes that nobody has asked for.</summary>
        public bool IsAlive => !Socket.Poll(0, SelectMode.SelectRead);

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref closed, 1) == 0)
                all.Remove();
            base.Dispose(disposing);
        }
    }
}
