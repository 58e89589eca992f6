using System.Buffers;

namespace JobService.Api.Http;

/// <summary>An answer of server-sent events that may stay open for days: it begins at once, says that it lives when there is nothing to say, and ends with the client or the service.</summary>
/// <remarks>What a client does not read stands in the connection's buffer, which is bounded: the writer waits, and gives the client up when it has not read for too long.</remarks>
internal sealed class EventStream : IDisposable
{
    /// <summary>A client that takes nothing for so long is gone or will never come back to it.</summary>
    private static readonly TimeSpan WritePatience = TimeSpan.FromMinutes(5);

    private readonly HttpContext http;
    private readonly TimeProvider time;
    private readonly TimeSpan heartbeat;
    private readonly CancellationTokenSource over;
    private long flushedAt;

    private EventStream(HttpContext http, TimeProvider time, TimeSpan heartbeat, CancellationToken stopTaking)
    {
        (this.http, this.time, this.heartbeat) = (http, time, heartbeat);
        over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopTaking);
    }

    /// <summary>The client has gone, or the service stops.</summary>
    public CancellationToken Over => over.Token;

    public bool IsOver => over.IsCancellationRequested;

    /// <summary>So long the stream may still be silent.</summary>
    public TimeSpan Silence => heartbeat - time.GetElapsedTime(flushedAt) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Status and headers are on their way when the task completes.</summary>
    public static async Task<EventStream> BeginAsync(HttpContext http, TimeProvider time, TimeSpan heartbeat, CancellationToken stopTaking)
    {
        StreamBounds.LiftForStream(http);
        http.Response.ContentType = MediaTypes.EventStream;
        http.Response.Headers.CacheControl = "no-cache, no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would keep the events to itself
        var stream = new EventStream(http, time, heartbeat, stopTaking);
        await stream.FlushAsync();
        if (HeadAsGet.IsHead(http))
            await stream.over.CancelAsync();
        return stream;
    }

    public void Write(ReadOnlySpan<byte> frame) => http.Response.BodyWriter.Write(frame);

    /// <summary>Sends what was written, if anything was; a heartbeat when there was nothing for too long. Waits for a client that is slow.</summary>
    public async Task FlushAsync()
    {
        if (IsOver)
            return;
        if (http.Response.BodyWriter.UnflushedBytes == 0 && http.Response.HasStarted)
        {
            if (Silence > TimeSpan.Zero)
                return;
            // A real event, so that a client can see it; without an id, so that it changes nothing for one that comes back.
            Write("event: heartbeat\ndata: {}\n\n"u8);
        }

        var flush = http.Response.BodyWriter.FlushAsync(over.Token).AsTask();
        if (!flush.IsCompletedSuccessfully)
            await ((Task)flush).WaitAsync(WritePatience, time, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        flushedAt = time.GetTimestamp();
        if (flush.IsCompletedSuccessfully && !flush.Result.IsCanceled)
            return;

        // What is in the buffer will not be read, and would hold up the end of the answer.
        await over.CancelAsync();
        http.Abort();
    }

    public void Dispose() => over.Dispose();
}
