using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>Cuts the connections that came last when the process takes too much memory while very many are open.</summary>
/// <remarks>
/// The budgets bound what is large. What a connection holds beside them is small (a request that does not go on, a piece of a response that nobody takes) but not times ten thousand, over HTTP/2 times a hundred more.
/// Smaller buffers would slow down everybody for it; so buffers are as large as they should be, and what counts is the memory in use. Envoy's overload manager does the same.
/// <para>Streams that are cut lose nothing: their clients come back and say where they were.</para>
/// </remarks>
internal sealed partial class Overload : IDisposable
{
    /// <summary>So many connections and requests of HTTP/2 are never cut: what they hold fits. When they are not the cause, cutting more of them is no help.</summary>
    internal const int Spared = 1_000;

    /// <summary>New connections from one look to the next while others are cut: whoever asks whether the service is alive must get through.</summary>
    private const int Admitted = 100;

    /// <summary>What fills the memory goes on for so many looks at the pace of the last one, before those that are cut are gone.</summary>
    private const int LooksAhead = 4;

    private const string TooMuchMemory = "The service takes too much memory.";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>From half of the mark on: requests of HTTP/2 whose header fields are a byte each on the wire, and kilobytes here, fill 100 MB in 50 ms.</summary>
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
        // Not on the thread pool: what fills memory fills that, too.
        watch = new Thread(Watch) { IsBackground = true, Name = "Overload" };
        watch.Start();
    }

    /// <param name="most">Bytes above which connections are cut.</param>
    /// <param name="memory">Bytes that the process takes.</param>
    /// <param name="collect">Gives back what nobody holds.</param>
    /// <param name="log">Says what was cut.</param>
    internal Overload(long most, Func<long> memory, Action collect, ILogger<Overload> log) => (this.most, this.memory, this.collect, this.log) = (most, memory, collect, log);

    private bool IsFull => isOver && Volatile.Read(ref open) > Spared;

    public ConnectionDelegate Pass(ConnectionDelegate next) => async connection =>
    {
        if (IsFull && Interlocked.Increment(ref admitted) > Admitted)
            return; // closed as it comes, as one beyond the number of open files is

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

    /// <summary>Asked before a field of a request's header section becomes text.</summary>
    /// <remarks>
    /// A connection of HTTP/2 brings a hundred requests in a few kilobytes, whose fields, repeated, are megabytes here; and the server reads on what it has of a connection that was cut. So while memory fills fast no
    /// request is read: the connection ends, as one that was cut.
    /// </remarks>
    /// <exception cref="IOException">Nothing is read now.</exception>
    public void BeforeField()
    {
        if (isClosed)
            throw new IOException(TooMuchMemory);
    }

    /// <summary>A connection of HTTP/1.1 has one request at a time and counts as a whole.</summary>
    public Task Pass(HttpContext http, RequestDelegate next)
    {
        var connection = HttpProtocol.IsHttp2(http.Request.Protocol) ? http.Features.Get<OpenConnection>() : null;
        if (connection is { IsCut: true })
            return Task.CompletedTask; // thousands of its requests may be on their way here, and the server tells them of the end after that
        if (IsFull && !IsHealth(http.Request.Path))
            return RefuseAsync(http);
        return connection is null ? next(http) : CountAsync(connection, http, next);
    }

    /// <summary>Cuts half of what is not spared if that is needed; the next look may cut more.</summary>
    /// <returns>How many connections were cut.</returns>
    internal int Look()
    {
        Volatile.Write(ref admitted, 0);
        var now = memory();
        var more = before > 0 ? Math.Max(now - before, 0) : 0;
        before = now;
        // Far below the mark no pace says much: a look may have been late.
        if (now <= most / 4 * 3 || now + (LooksAhead * more) <= most)
        {
            isOver = isClosed = false;
            return 0;
        }

        isOver = true; // nothing new while the memory is counted
        var isFast = LooksAhead * more > most / 8;
        isClosed = isFast || now > most / 8 * 9;
        var taken = now;
        if (!isFast)
        {
            collect();
            // Well below, or the next bytes would make it collect again.
            taken = before = memory();
            if (taken + (LooksAhead * more) <= most / 8 * 7)
            {
                isOver = isClosed = false;
                return 0;
            }
        }

        // A half, then a half of the rest, as long as that is fast enough: what the clients of the others have sent meanwhile is in memory before the next look.
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
                many.Wait(stop.Token); // with few connections nothing wakes
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
            // The service has stopped.
        }
    }

    private sealed class OpenConnection(long number, ConnectionContext connection)
    {
        private int requests;

        public long Number => number;

        /// <summary>Of HTTP/2, in progress.</summary>
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
