using System.Collections.Concurrent;
using System.Net.Sockets;

namespace JobService.Upstream;

/// <summary>Counts a target's connections and the calls on them, so that a paced call finds one that is open before its last look.</summary>
/// <remarks>
/// A call without a connection is on the wire only when one is open: late, and too close to the next. So a paced call for which none is left has one opened ahead, as many at a
/// time as calls are due, and waits for that or for one that another call leaves. The handshake of TLS is the handler's and comes behind the last look: there one call goes
/// ahead as a whole until the first connection is ready, and the others wait with theirs.
/// </remarks>
/// <param name="connect">Opens one, in bounded time.</param>
/// <param name="hasHandshake">Whether a connection that is open can carry no request yet.</param>
internal sealed class Connections(Func<ValueTask<Socket>> connect, bool hasHandshake = false)
{
    private readonly ConcurrentQueue<Connection> stash = new();
    private readonly Lock gate = new();
    private readonly LinkedList<TaskCompletionSource> waiting = new();
    private int open;
    private int opening;
    private int calls;
    private bool ready;
    private volatile bool closed;

    /// <summary>Connections that calls may be sent on.</summary>
    private int Usable => ready || !hasHandshake ? open : Math.Min(open, 1);

    /// <summary>A call begins.</summary>
    /// <param name="paced">It has a slot.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <returns>Its place, to be left when it has ended.</returns>
    public ValueTask<Place> EnterAsync(bool paced, CancellationToken cancel)
    {
        TaskCompletionSource waiter;
        bool opens;
        lock (gate)
        {
            if (!paced || (calls < Usable && waiting.Count == 0))
            {
                calls++;
                return ValueTask.FromResult(new Place(this));
            }

            waiter = new TaskCompletionSource();
            waiting.AddLast(waiter);
            opens = calls + waiting.Count > open + opening;
            opening += opens ? 1 : 0;
        }

        if (opens)
            _ = OpenAheadAsync();
        return WaitAsync(waiter, cancel);
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
        lock (gate)
            open++;
        return new Connection(socket, this);
    }

    /// <summary>A connection can carry requests: with TLS, its handshake is over.</summary>
    public void Ready()
    {
        lock (gate)
        {
            if (ready)
                return;
            ready = true;
        }

        // This thread is about to send the request that the handshake was for.
        ThreadPool.UnsafeQueueUserWorkItem(static connections => connections.LetIn(), this, preferLocal: false);
    }

    /// <summary>Closes what was opened ahead and never used.</summary>
    public void CloseAhead()
    {
        closed = true;
        while (stash.TryDequeue(out var connection))
            connection.Dispose();
    }

    private async ValueTask<Place> WaitAsync(TaskCompletionSource waiter, CancellationToken cancel)
    {
        await using (cancel.UnsafeRegister(static (waiter, token) => ((TaskCompletionSource)waiter!).TrySetCanceled(token), waiter))
            await waiter.Task;
        return new Place(this);
    }

    /// <summary>Not bound to the call that wants it: what it has opened serves the next one too.</summary>
    private async Task OpenAheadAsync()
    {
        Exception? failure = null;
        try
        {
            var connection = Add(await connect());
            stash.Enqueue(connection);
            if (closed)
                CloseAhead();
        }
        catch (Exception error)
        {
            failure = error;
        }

        TaskCompletionSource? refused = null;
        lock (gate)
        {
            opening--;
            if (failure is not null && waiting.First is { } first)
            {
                refused = first.Value;
                waiting.RemoveFirst();
            }
        }

        refused?.TrySetException(failure!);
        LetIn();
    }

    /// <summary>Those that wait and find a connection now. Where they go on is this very thread: their slot is there.</summary>
    private void LetIn()
    {
        while (true)
        {
            TaskCompletionSource next;
            lock (gate)
            {
                if (waiting.First is not { } first || calls >= Usable)
                    return;
                waiting.RemoveFirst();
                next = first.Value;
                calls++;
            }

            if (!next.TrySetResult())
                Release();
        }
    }

    private void Leave()
    {
        Release();
        LetIn();
    }

    private void Release()
    {
        lock (gate)
            calls--;
    }

    private void Remove()
    {
        bool opens;
        lock (gate)
        {
            if (--open == 0)
                ready = false;
            opens = calls + waiting.Count > open + opening && waiting.Count > 0;
            opening += opens ? 1 : 0;
        }

        if (opens)
            _ = OpenAheadAsync();
    }

    internal readonly record struct Place(Connections Connections)
    {
        public void Leave() => Connections.Leave();
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
