using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Events;

/// <summary>Formats events for a stream (HTML standard, server-sent events): JSON on one line. Without an event type, so that a browser's <c>onmessage</c> receives them all.</summary>
internal static class EventFrame
{
    private static readonly JsonWriterOptions plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? kept;

    public static byte[] Of(in LiveEvent live) => Of(live.At, live.Change, live.Number.ToString(CultureInfo.InvariantCulture));

    /// <param name="at">The moment of the change.</param>
    /// <param name="change">What has changed.</param>
    /// <param name="id">What a client sends back as <c>Last-Event-ID</c>.</param>
    public static byte[] Of(DateTimeOffset at, in StoreEvent change, string id)
    {
        var (buffer, json) = Begin(id);
        json.WriteStartObject();
        json.WriteString("type"u8, Type(change.Kind));
        json.WriteString("at"u8, at.UtcDateTime);
        if (change.Kind is StoreEventKind.Job or StoreEventKind.JobAsItStands)
        {
            json.WriteString("id"u8, change.Job.Value);
            json.WriteString("queue"u8, change.Name);
            json.WriteString("key"u8, change.Key);
            json.WriteString("state"u8, WireNames.Of(change.State));
            json.WriteNumber("attempt"u8, change.Attempt);
            if (change.Batch != default)
            {
                json.WriteStartObject("batch"u8);
                json.WriteString("id"u8, change.Batch.Value);
                json.WriteEndObject();
            }

            if (change.Word is not null)
                json.WriteString("reason"u8, change.Word);
        }
        else
        {
            json.WriteString("name"u8, change.Name);
            json.WriteString("change"u8, change.Word);
        }

        return End(buffer, json);
    }

    /// <summary>Tells the client that events were missed: it should read the state again.</summary>
    public static byte[] OfGap(EventPage page)
    {
        var (buffer, json) = Begin(page.GapEnd.ToString(CultureInfo.InvariantCulture));
        json.WriteStartObject();
        json.WriteString("type"u8, "gap"u8);
        if (page.Missed is { } missed)
            json.WriteNumber("missed"u8, missed);
        return End(buffer, json);
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Begin(string id)
    {
        if (kept is not { } tools)
        {
            var fresh = new ArrayBufferWriter<byte>(512);
            kept = tools = (fresh, new Utf8JsonWriter(fresh, plain));
        }

        tools.Buffer.ResetWrittenCount();
        tools.Buffer.Write("id: "u8);
        Encoding.UTF8.GetBytes(id, tools.Buffer);
        tools.Buffer.Write("\ndata: "u8);
        tools.Json.Reset();
        return tools;
    }

    private static byte[] End(ArrayBufferWriter<byte> buffer, Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.Flush();
        buffer.Write("\n\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> Type(StoreEventKind kind) => kind switch
    {
        StoreEventKind.Job or StoreEventKind.JobAsItStands => "job"u8,
        StoreEventKind.Queue => "queue"u8,
        StoreEventKind.Limit => "limit"u8,
        StoreEventKind.Signal => "signal"u8,
    };
}
