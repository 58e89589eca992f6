using JobService.Tests.Support;

namespace JobService.Tests.Judges.Memory;

/// <summary>Many requests on each of many connections, and frames that cost the client little.</summary>
internal sealed partial class MemoryAttacks
{
    private const int StreamsEach = 100;

    private async Task Http2BodiesAsync(ServerProcess service, CancellationToken hang)
    {
        var requests = Http2Bytes.Requests(StreamsEach, "POST", i => i % 2 == 0 ? "/v1/jobs" : "/v1/batches?queue=default", "application/x-ndjson", "{\"payload\":\"" + new string('x', 60_000));
        await TakeLittleAsync(service, size.Http2Connections, _ => requests, hang, http2: true);
    }

    private async Task Http2ResultsAsync(ServerProcess service, CancellationToken hang)
    {
        var items = await LargeResultsAsync(service, hang);
        var requests = Http2Bytes.Requests(StreamsEach, "GET", i => $"/v1/jobs/{items[i % items.Length]}/result", "text/plain", "");
        await TakeLittleAsync(service, size.Http2Connections, _ => requests, hang, http2: true);
    }

    private async Task Http2ViewsAsync(ServerProcess service, CancellationToken hang)
    {
        var items = await EscapedAsync(service, hang);
        var requests = Http2Bytes.Requests(StreamsEach, "GET", i => $"/v1/jobs/{items[i % items.Length]}", "text/plain", "");
        await TakeLittleAsync(service, size.Http2Connections, _ => requests, hang, http2: true);
    }

    private async Task Http2FieldsAsync(ServerProcess service, CancellationToken hang)
    {
        var wait = $"/v1/jobs/{await WaitingAsync(service, hang)}?wait=45";
        var requests = Http2Bytes.Requests(StreamsEach, "GET", _ => wait, "text/plain", "", indexedFields: 4);
        await TakeLittleAsync(service, size.Http2Connections, _ => requests, hang, http2: true);
    }

    private Task Http2HalvesAsync(ServerProcess service, CancellationToken hang)
    {
        var beginning = Http2Bytes.HalfHeaders(30_000);
        return TakeLittleAsync(service, size.Http2Connections, _ => beginning, hang, http2: true);
    }

    private Task Http2SettingsAsync(ServerProcess service, CancellationToken hang)
    {
        var flood = Http2Bytes.Questions(20_000);
        return TakeLittleAsync(service, size.Http2Connections, _ => flood, hang, http2: true);
    }

    private Task Http2ResetsAsync(ServerProcess service, CancellationToken hang)
    {
        var requests = Http2Bytes.Resets(1_000);
        return TakeLittleAsync(service, size.Http2Connections, _ => requests, hang, http2: true);
    }
}
