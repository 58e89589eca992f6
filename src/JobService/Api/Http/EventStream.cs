using System.Buffers;

namespace JobService.Api.Http;

/// <summary>A response of server-sent events that may stay open for days: it starts at once, sends heartbeats while there are no events, and ends when the client disconnects or the service stops.</summary>
/// <remarks>Unread bytes stay in the connection's buffer, which is bounded: the writer waits, and drops a client that has not read for too long.</remarks>
internal sealed class EventStream : IDisposable
{
    /// <summary>A client that reads nothing for this long is considered gone.</summary>
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

    /// <summary>The client disconnected, or the service stops.</summary>
    public CancellationToken Over => over.Token;

    public bool IsOver => over.IsCancellationRequested;

    /// <summary>Time until the next heartbeat is due.</summary>
    public TimeSpan Silence => heartbeat - time.GetElapsedTime(flushedAt) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Status and headers are on their way when the task completes.</summary>
    public static async Task<EventStream> BeginAsync(HttpContext http, TimeProvider time, TimeSpan heartbeat, CancellationToken stopTaking)
    {
        StreamBounds.LiftForStream(http);
        http.Response.ContentType = MediaTypes.EventStream;
        http.Response.Headers.CacheControl = "no-cache, no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // keeps nginx from buffering the events
        var stream = new EventStream(http, time, heartbeat, stopTaking);
        await stream.FlushAsync();
        if (HeadAsGet.IsHead(http))
            await stream.over.CancelAsync();
        return stream;
    }

    public void Write(ReadOnlySpan<byte> frame) => http.Response.BodyWriter.Write(frame);

    /// <summary>Sends what was written, if anything; a heartbeat when there was nothing for too long. Waits for a slow client.</summary>
    public async Task FlushAsync()
    {
        if (IsOver)
            return;
        if (http.Response.BodyWriter.UnflushedBytes == 0 && http.Response.HasStarted)
        {
            if (Silence > TimeSpan.Zero)
                return;
            // A real event, so that a client can see it; without an id, so that it does not affect where a client resumes.
            Write("event: heartbeat\ndata: {}\n\n"u8);
        }

        var flush = http.Response.BodyWriter.FlushAsync(over.Token).AsTask();
        if (!flush.IsCompletedSuccessfully)
            await ((Task)flush).WaitAsync(WritePatience, time, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        flushedAt = time.GetTimestamp();
        if (flush.IsCompletedSuccessfully && !flush.Result.IsCanceled)
            return;

        // The buffer will not be read and would delay the end of the response.
        await over.CancelAsync();
        http.Abort();
    }

    public void Dispose() => over.Dispose();
}
