using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>Aborts the latest connections when the process uses too much memory while very many are open.</summary>
/// <remarks>
/// The budgets bound everything large. What a connection holds besides is small (an incomplete request, a chunk of a response that is not read), but not when multiplied by ten thousand connections, or over HTTP/2 by a hundred times more requests.
/// Smaller buffers would slow down everybody, so buffers have their proper size, and the memory in use decides. Envoy's overload manager does the same.
/// <para>A stream that is cut loses nothing: its client reconnects and resumes where it was.</para>
/// </remarks>
internal sealed partial class Overload : IDisposable
{
    /// <summary>This many connections and HTTP/2 requests are never cut: what they hold fits into memory. If they are not the cause, cutting them would not help.</summary>
    internal const int Spared = 1_000;

    /// <summary>New connections accepted per check while others are cut, so that health checks get through.</summary>
    private const int Admitted = 100;

    /// <summary>Memory is expected to keep growing at the last pace for this many checks before the cut connections have released theirs.</summary>
    private const int LooksAhead = 4;

    private const string TooMuchMemory = "The service uses too much memory.";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>From half of the threshold on: HTTP/2 requests whose header fields take one byte each on the wire and kilobytes in memory can fill 100 MB in 50 ms.</summary>
    private static readonly TimeSpan LookOftenEvery = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentDictionary<long, OpenConnection> connections = [];
    private readonly CancellationTokenSource stop = new();
    private readonly ManualResetEventSlim many = new();
    private readonly long most;
    private readonly Func<long> memory;
    private readonly Action collect;
    private readonly ILogger<Overload> log;
    private readonly Thread? watch;
    private long lastNumber;
    private int open;
    private int admitted;
    private long before;
    private volatile bool isOver;
    private volatile bool isClosed;

    public Overload(IOptions<WaitOptions> options, ILogger<Overload> log)
        : this(options.Value.ShedAboveBytes, () => Environment.WorkingSet, Collect, log)
    {
        // On its own thread: whatever fills the memory may also exhaust the thread pool.
        watch = new Thread(Watch) { IsBackground = true, Name = "Overload" };
        watch.Start();
    }

    /// <param name="most">Bytes above which connections are cut.</param>
    /// <param name="memory">Bytes that the process uses.</param>
    /// <param name="collect">Collects unreferenced memory.</param>
    /// <param name="log">Logs what was cut.</param>
    internal Overload(long most, Func<long> memory, Action collect, ILogger<Overload> log) => (this.most, this.memory, this.collect, this.log) = (most, memory, collect, log);

    private bool IsFull => isOver && Volatile.Read(ref open) > Spared;

    public ConnectionDelegate Pass(ConnectionDelegate next) => async connection =>
    {
        if (IsFull && Interlocked.Increment(ref admitted) > Admitted)
            return; // closed at once, like a connection beyond the limit of open files

        var number = Interlocked.Increment(ref lastNumber);
        var own = new OpenConnection(number, connection);
        connection.Features.Set(own);
        connections[number] = own;
        Add();
        try
        {
            await next(connection);
        }
        finally
        {
            connections.TryRemove(number, out _);
            Interlocked.Decrement(ref open);
        }
    };

    /// <summary>Called before a header field of a request is decoded into a string.</summary>
    /// <remarks>
    /// An HTTP/2 connection can carry a hundred requests in a few kilobytes whose repeated fields take megabytes in memory, and the server keeps parsing the bytes it has of an aborted connection. So while memory fills fast, no
    /// request is parsed: the connection ends as if it had been cut.
    /// </remarks>
    /// <exception cref="IOException">No request is parsed at the moment.</exception>
    public void BeforeField()
    {
        if (isClosed)
            throw new IOException(TooMuchMemory);
    }

    /// <summary>An HTTP/1.1 connection has one request at a time and counts as a whole.</summary>
    public Task Pass(HttpContext http, RequestDelegate next)
    {
        var connection = HttpProtocol.IsHttp2(http.Request.Protocol) ? http.Features.Get<OpenConnection>() : null;
        if (connection is { IsCut: true })
            return Task.CompletedTask; // thousands of its requests may be about to arrive here, and the server signals their end only afterwards
        if (IsFull && !IsHealth(http.Request.Path))
            return RefuseAsync(http);
        return connection is null ? next(http) : CountAsync(connection, http, next);
    }

    /// <summary>Cuts half of the connections that may be cut, if necessary; the next check may cut more.</summary>
    /// <returns>How many connections were cut.</returns>
    internal int Look()
    {
        Volatile.Write(ref admitted, 0);
        var now = memory();
        var more = before > 0 ? Math.Max(now - before, 0) : 0;
        before = now;
        // Far below the threshold the pace means little: a check may have been late.
        if (now <= most / 4 * 3 || now + (LooksAhead * more) <= most)
        {
            isOver = isClosed = false;
            return 0;
        }

        isOver = true; // no new connections while memory is measured
        var isFast = LooksAhead * more > most / 8;
        isClosed = isFast || now > most / 8 * 9;
        var taken = now;
        if (!isFast)
        {
            collect();
            // Well below the threshold, or the next bytes would trigger another collection.
            taken = before = memory();
            if (taken + (LooksAhead * more) <= most / 8 * 7)
            {
                isOver = isClosed = false;
                return 0;
            }
        }

        // Half of them, then half of the rest, as long as that is fast enough: what the remaining clients have sent meanwhile is in memory before the next check.
        var excess = Volatile.Read(ref open) - Spared;
        var toCut = isFast || taken > most / 8 * 9 ? excess : (excess + 1) / 2;
        var cut = 0;
        foreach (var connection in connections.Values.Where(one => !one.IsCut).OrderByDescending(one => one.Number))
        {
            if (toCut <= 0)
                break;
            toCut -= 1 + connection.Requests;
            connection.Cut();
            cut++;
        }

        if (isFast)
        {
            collect();
            before = memory();
        }

        if (cut > 0)
            LogCut(log, cut, taken / 1_000_000);
        return cut;
    }

    public void Dispose()
    {
        stop.Cancel();
        watch?.Join();
        many.Dispose();
        stop.Dispose();
    }

    private static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    private static bool IsHealth(PathString path) => path == "/livez" || path == "/readyz";

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.Headers.Connection = "close";
        return Problems.ResponsesFull().ExecuteAsync(http);
    }

    [LoggerMessage(LogLevel.Warning, "{Count} connections were cut, those that came last: the process takes {Megabytes} MB (JobService:Api:ShedAboveBytes)")]
    private static partial void LogCut(ILogger log, int count, long megabytes);

    private async Task CountAsync(OpenConnection connection, HttpContext http, RequestDelegate next)
    {
        connection.Begin();
        Add();
        try
        {
            await next(http);
        }
        finally
        {
            connection.End();
            Interlocked.Decrement(ref open);
        }
    }

    private void Add()
    {
        if (Interlocked.Increment(ref open) > Spared && !many.IsSet)
            many.Set();
    }

    private void Watch()
    {
        try
        {
            while (true)
            {
                many.Wait(stop.Token); // with few connections the thread sleeps
                many.Reset();
                while (Volatile.Read(ref open) > Spared)
                {
                    Look();
                    if (stop.Token.WaitHandle.WaitOne(!isOver && before > most / 2 ? LookOftenEvery : LookEvery))
                        return;
                }

                (isOver, isClosed, before) = (false, false, 0);
            }
        }
        catch (OperationCanceledException)
        {
            // The service is stopping.
        }
    }

    private sealed class OpenConnection(long number, ConnectionContext connection)
    {
        private int requests;

        public long Number => number;

        /// <summary>HTTP/2 requests in progress.</summary>
        public int Requests => Volatile.Read(ref requests);

        public bool IsCut { get; private set; }

        public void Begin() => Interlocked.Increment(ref requests);

        public void End() => Interlocked.Decrement(ref requests);

        public void Cut()
        {
            IsCut = true;
            connection.Abort(new ConnectionAbortedException(TooMuchMemory));
        }
    }
}
