using System.Text.Json;
using System.Threading.Channels;
using JobService.Tests.Support;

namespace JobService.Tests.Callbacks;

/// <summary>Somebody's server that is told of ends.</summary>
internal sealed class HookReceiver : IAsyncDisposable
{
    private readonly Channel<WireRequest> arrived = Channel.CreateUnbounded<WireRequest>();
    private readonly RawTcpApi api;

    public HookReceiver(Func<int, WireReply> reply) => api = new RawTcpApi(request =>
    {
        arrived.Writer.TryWrite(request);
        return reply(request.Number);
    });

    public HookReceiver(WireReply always)
        : this(_ => always)
    {
    }

    public string Url => api.Address + "/hook?tenant=7";

    public int Count => api.Requests.Count;

    public int ConnectionCount => api.ConnectionCount;

    public async Task<WireRequest> NextAsync() => await arrived.Reader.ReadAsync().AsTask().WaitAsync(Patience.Hang);

    public ValueTask DisposeAsync() => api.DisposeAsync();
}

internal static class HookRequests
{
    public static string Id(this WireRequest request) => Assert.Single(request.Header("webhook-id"));

    public static JsonElement Json(this WireRequest request) => JsonDocument.Parse(request.Body).RootElement;
}
