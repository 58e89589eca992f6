using System.Collections.Concurrent;
using System.Net.Sockets;

namespace JobService.Upstream;

/// <summary>Counts a target's connections and the calls on them, so that a paced call has an open connection before its last check.</summary>
/// <remarks>
/// A call that must first open a connection reaches the wire late, and too close to the next call. So for a paced call without a free connection, one is opened ahead, as many at a
/// time as calls are due, and the call waits for it or for one that another call releases. The handler does the TLS handshake after the last check: with TLS, one call goes
/// ahead until the first connection is ready, and the others wait.
/// </remarks>
/// <param name="connect">Opens a connection, in bounded time.</param>
/// <param name="hasHandshake">Whether an open connection still needs a handshake before it can carry a request.</param>
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

    /// <summary>Connections on which calls can be sent.</summary>
    private int Usable => ready || !hasHandshake ? open : Math.Min(open, 1);

    /// <summary>A call begins.</summary>
    /// <param name="paced">The call has a slot.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>Its place, to be released when the call has ended.</returns>
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

        // This thread is about to send the request for which the handshake was made.
        ThreadPool.UnsafeQueueUserWorkItem(static connections => connections.LetIn(), this, preferLocal: false);
    }

    /// <summary>Closes connections that were opened ahead and never used.</summary>
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

    /// <summary>Not cancelled with the call that needs it: the connection can serve the next call.</summary>
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

    /// <summary>Resumes waiting calls that now have a connection, on this very thread, because their slot is due.</summary>
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

        /// <summary>True when there is nothing to read: neither the end of the connection nor unexpected bytes.</summary>
        public bool IsAlive => !Socket.Poll(0, SelectMode.SelectRead);

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref closed, 1) == 0)
                all.Remove();
            base.Dispose(disposing);
        }
    }
}
