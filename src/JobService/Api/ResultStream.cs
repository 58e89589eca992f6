using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json.Serialization.Metadata;
using System.Text.Json;
using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Events;
using JobService.Storage;

namespace JobService.Api;

/// <summary>Streams the results of a batch as they end, one per line or event, and a summary at the end: without it the connection was cut.</summary>
/// <remarks>A page is read from the store after the previous one has been sent: a slow client holds no memory and blocks nobody.</remarks>
internal sealed class ResultStream(IJobStore store, JobEventHub hub, JobWaits waits, TimeProvider time)
{
    private const int PageOfResults = 1_000;
    private const int FlushAtBytes = 32 * 1024;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>While an upload waits for capacity, nothing is read from its connection: only a write shows that the client has disconnected.</summary>
    private static readonly TimeSpan HeartbeatOfMap = TimeSpan.FromSeconds(5);

    private static readonly JsonTypeInfo<ResultView> Result = ApiJson.Of<ResultView>();
    private static readonly JsonTypeInfo<ResultSummary> Summary = ApiJson.Of<ResultSummary>();
    private static readonly JsonTypeInfo<ProblemView> Problem = ApiJson.Of<ProblemView>();

    /// <param name="http">The request; its response has not started.</param>
    /// <param name="wanted">The results wanted.</param>
    /// <param name="asEvents">Server-sent events; otherwise NDJSON.</param>
    /// <param name="upload">The concurrent upload that fills the batch: the reason for its refusal is sent before the summary.</param>
    /// <exception cref="OperationCanceledException">The client disconnected.</exception>
    public async Task RunAsync(HttpContext http, ResultsRequest wanted, bool asEvents, Task<UploadEnd>? upload = null)
    {
        StreamBounds.LiftForStream(http);
        var response = http.Response;
        response.ContentType = asEvents ? MediaTypes.EventStream : MediaTypes.Ndjson;
        response.Headers.CacheControl = "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["X-Accel-Buffering"] = "no"; // keeps proxies from buffering
        await response.StartAsync(http.RequestAborted);
        if (HeadAsGet.IsHead(http))
            return;

        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, waits.StopTaking);
        using var watch = hub.Watch(wanted.Batch);
        var lines = new Lines(response.BodyWriter, wanted.InInputOrder, asEvents);
        var reader = new ResultReader(store, wanted);
        await lines.FlushAsync(http.RequestAborted);
        var silence = upload is null ? Heartbeat : HeartbeatOfMap;
        var heardAt = time.GetTimestamp();
        while (await reader.NextAsync(PageOfResults) is { } page)
        {
            foreach (var result in page.Items)
            {
                lines.Add(ResultView.Of(result).Under(http.Request.PathBase.ToUriComponent()));
                if (lines.Unflushed >= FlushAtBytes)
                    await lines.FlushAsync(http.RequestAborted);
            }

            if (reader.IsEnd)
            {
                if (upload is not null && await upload is { Refusal: { } refusal })
                    lines.Add(refusal.Problem, Problem);
                if (await store.FindBatchAsync(wanted.Batch) is { } batch)
                    lines.Add(new ResultSummary(SummaryView.Of(batch)), Summary);
            }

            await lines.FlushAsync(http.RequestAborted);
            if (reader.IsEnd)
                return;
            if (page.Items.Count > 0)
                heardAt = time.GetTimestamp();
            // A change behind a gap sends nothing to the client.
            var left = silence - time.GetElapsedTime(heardAt);
            if (!page.IsCut && (left <= TimeSpan.Zero || !await ChangedAsync(watch, left, giveUp.Token)))
            {
                lines.AddHeartbeat();
                heardAt = time.GetTimestamp();
            }

            if (waits.IsDraining)
                return; // without a summary: the client reconnects for the rest
        }
    }

    private async Task<bool> ChangedAsync(BatchWatch watch, TimeSpan atMost, CancellationToken giveUp)
    {
        try
        {
            return await watch.ChangedAsync(atMost, time, giveUp);
        }
        catch (OperationCanceledException) when (waits.IsDraining)
        {
            return true;
        }
    }

    /// <summary>The bytes to send.</summary>
    private sealed class Lines(PipeWriter wire, bool inInputOrder, bool asEvents)
    {
        /// <summary>One per thread: otherwise each of thousands of waiting streams would keep a buffer of its largest result.</summary>
        [ThreadStatic]
        private static ArrayBufferWriter<byte>? kept;

        public long Unflushed => wire.UnflushedBytes;

        public void Add(ResultView result)
        {
            if (asEvents)
            {
                wire.Write("id: "u8);
                var number = wire.GetSpan(20);
                (inInputOrder ? result.Index : result.Completion).TryFormat(number, out var written);
                wire.Advance(written);
                wire.Write("\n"u8);
            }

            Add(result, Result);
        }

        public void Add<T>(T value, JsonTypeInfo<T> type)
        {
            if (asEvents)
                wire.Write("data: "u8);
            var json = kept ??= new ArrayBufferWriter<byte>();
            json.ResetWrittenCount();
            using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true }))
                JsonSerializer.Serialize(writer, value, type);
            WriteOnOneLine(json.WrittenSpan);
            wire.Write(asEvents ? "\n\n"u8 : "\n"u8);
        }

        /// <summary>The heartbeat: a space before a line of JSON, which has no meaning there, or an event of its own.</summary>
        public void AddHeartbeat() => wire.Write(asEvents ? "event: heartbeat\ndata: {}\n\n"u8 : " "u8);

        public async ValueTask FlushAsync(CancellationToken hangUp)
        {
            var flushed = await wire.FlushAsync(hangUp);
            if (flushed.IsCompleted || flushed.IsCanceled)
                throw new OperationCanceledException("The client disconnected.");
        }

        /// <summary>Responses of the APIs are passed on unchanged and may span many lines: JSON may have line breaks between its tokens, but never within
        /// them.</summary>
        private void WriteOnOneLine(ReadOnlySpan<byte> text)
        {
            var line = wire.GetSpan(text.Length)[..text.Length];
            text.CopyTo(line);
            if (line.ContainsAny((byte)'\n', (byte)'\r'))
            {
                line.Replace((byte)'\n', (byte)' ');
                line.Replace((byte)'\r', (byte)' ');
            }

            wire.Advance(text.Length);
        }
    }
}
