using System.Net;
using JobService.Api;
using JobService.Events;
using JobService.Intake;
using JobService.Jobs;
using JobService.Storage;
using JobService.Tests.Callbacks;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Api.Batches;

/// <summary>How long a stream of results may be silent.</summary>
public sealed class HeartbeatTests : IAsyncDisposable
{
    private readonly CancellationToken hang = TestContext.Current.CancellationToken;
    private readonly WatchedTime time = new();
    private readonly ServiceFixture service;

    public HeartbeatTests() => service = ServiceFixture.With(new Dictionary<string, string>(), services => services
        .AddSingleton(parts => new ResultStream(parts.GetRequiredService<IJobStore>(), parts.GetRequiredService<JobEventHub>(), parts.GetRequiredService<JobWaits>(), time)));

    private IPEndPoint Address => IPEndPoint.Parse(service.Address.Authority);

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory]
    [InlineData("application/x-ndjson", " ")]
    [InlineData("text/event-stream", "event: heartbeat\ndata: {}\n\n")]
    public async Task A_stream_of_results_is_never_silent_for_more_than_15_seconds(string form, string heartbeat)
    {
        using var submitted = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"jobs":[{"payload":0,"waitFor":{"signal":"never"}}]}""");
        using var client = await WireClient.GetAsync(Address, submitted.Headers.Location + "/results", form, hang);

        await AssertBeatsAsync(client, heartbeat, TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task A_map_is_never_silent_for_more_than_5_seconds()
    {
        using var client = await WireClient.UploadAsync(Address, "/v1/queues/default/map", hang);
        await client.SendChunkAsync("{\"payload\":0,\"waitFor\":{\"signal\":\"never\"}}\n");

        await AssertBeatsAsync(client, " ", TimeSpan.FromSeconds(5));
    }

    private async Task AssertBeatsAsync(WireClient client, string heartbeat, TimeSpan silence)
    {
        await client.ReadHeadAsync();
        for (var beat = 0; beat < 3; beat++)
        {
            await time.PassAsync(silence, silence);
            Assert.Equal(heartbeat, await client.ReadBodyAsync(heartbeat.Length));
        }
    }
}
