using System.Net;
using JobService.Api;
using JobService.Api.Http;
using JobService.Events;
using JobService.Intake;
using JobService.Jobs;
using JobService.Storage;
using JobService.Tests.Support;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Api.Batches;

/// <summary>Clients that stand still: uploads and streams may, for as long as it takes; nobody else.</summary>
/// <remarks>The server's own bounds are narrow here, so that what is not lifted is felt within two seconds.</remarks>
public sealed class SlowClientTests : IAsyncLifetime
{
    private static readonly TimeSpan BeyondTheGrace = TimeSpan.FromSeconds(3);

    private readonly CancellationToken hang = TestContext.Current.CancellationToken;
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
    private readonly ServiceFixture service;

    public SlowClientTests() => service = ServiceFixture.With(new Dictionary<string, string>(), services => services
        .AddSingleton(parts => new UploadParts(
            parts.GetRequiredService<BatchIntake>(), parts.GetRequiredService<IntakeMemory>(), parts.GetRequiredService<IJobStore>(), parts.GetRequiredService<JobIdSource>(), parts.GetRequiredService<JobWaits>(), time))
        .AddSingleton(parts => new ResultStream(parts.GetRequiredService<IJobStore>(), parts.GetRequiredService<JobEventHub>(), parts.GetRequiredService<JobWaits>(), time))
        .PostConfigure<KestrelServerOptions>(kestrel =>
        {
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1_000_000, gracePeriod: TimeSpan.FromSeconds(1.1));
            kestrel.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 1_000_000, gracePeriod: TimeSpan.FromSeconds(1.1));
        }));

    private IPEndPoint Address => IPEndPoint.Parse(service.Address.Authority);

    public async ValueTask InitializeAsync() => await service.PutAsync("/v1/queues/fast", """{"target":{"kind":"simulated"}}""");

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task An_upload_that_stalls_goes_on_afterwards_and_a_document_that_stalls_is_ended()
    {
        using var upload = await WireClient.UploadAsync(Address, "/v1/batches?queue=fast", hang);
        using var document = await WireClient.UploadAsync(Address, "/v1/batches", hang, "application/json");
        await upload.SendChunkAsync("{\"payload\":0}\n{\"pay");
        await document.SendChunkAsync("{");

        await document.ReadHeadAsync();
        Assert.Equal(408, document.Status);
        await upload.SendChunkAsync("load\":1}\n");
        await upload.EndAsync();
        await upload.ReadHeadAsync();

        Assert.Equal(202, upload.Status);
        Assert.Equal("2", (await upload.ReadToEndAsync()).Json().Text("total"));
    }

    [Fact]
    public async Task An_upload_that_stands_still_for_five_minutes_is_ended_and_its_batch_closed()
    {
        using var upload = await WireClient.UploadAsync(Address, "/v1/batches?queue=fast", hang);
        await upload.SendChunkAsync("{\"payload\":0}\n{\"pay");
        var head = upload.ReadHeadAsync();
        await UntilAsync(head, () => time.Advance(LineReader.Idle));

        Assert.Equal(408, upload.Status);
        var problem = (await upload.ReadToEndAsync()).Json();
        Assert.Equal(("/problems/request-timeout", "1"), (problem.Text("type"), problem.Text("accepted")));
        Assert.False((await service.Store.FindBatchAsync(new JobId(problem.GetProperty("batch").GetGuid())))!.IsOpen);
    }

    [Fact]
    public async Task A_reader_of_a_byte_a_second_is_not_cut_and_holds_nobody_up()
    {
        var text = new string('x', 60_000);
        using var submitted = await service.SendAsync(HttpMethod.Post, "/v1/batches", $$"""{"queue":"fast","defaults":{"payload":"{{text}}"},"jobs":[{{string.Join(',', Enumerable.Repeat("{}", 200))}}]}""");
        var results = submitted.Headers.Location + "/results?order=input";
        using var slow = await WireClient.GetAsync(Address, results, "application/x-ndjson", hang);
        using (var second = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System))
        {
            for (var read = 0; read < BeyondTheGrace.TotalSeconds; read++)
            {
                await slow.ReadBytesAsync(1);
                await second.WaitForNextTickAsync(hang);
            }
        }

        using var others = await service.SendAsync(HttpMethod.Get, results + "&wait=10", null, ("Accept", "application/json"));
        Assert.True((await others.JsonAsync()).GetProperty("complete").GetBoolean());
        var lines = (await slow.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, 200), lines.Indexes());
    }

    [Theory]
    [InlineData("application/x-ndjson", " ")]
    [InlineData("text/event-stream", "event: heartbeat\ndata: {}\n\n")]
    public async Task While_there_is_nothing_to_say_a_heartbeat_tells_that_the_connection_lives(string form, string heartbeat)
    {
        using var submitted = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"queue":"fast","jobs":[{"payload":0,"waitFor":{"signal":"beat"}},{"payload":1,"waitFor":{"signal":"behind"}}]}""");
        using var client = await WireClient.GetAsync(Address, submitted.Headers.Location + "/results?order=input", form, hang);
        await client.ReadHeadAsync();
        // What changes behind a hole is nothing that can be said.
        await service.Store.SetSignalAsync("behind");

        var first = client.ReadBodyAsync(heartbeat.Length);
        await UntilAsync(first, () => time.Advance(TimeSpan.FromSeconds(15)));
        await service.Store.SetSignalAsync("beat");

        Assert.Equal(heartbeat, await first);
        var lines = (await client.ReadToEndAsync()).Split('\n').Where(line => line.Contains("\"index\"", StringComparison.Ordinal));
        Assert.Equal([0, 1], lines.Select(line => line[line.IndexOf('{', StringComparison.Ordinal)..].Json().Index()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public async Task Hanging_up_is_noticed_also_while_the_map_waits_for_room_and_reads_nothing(int kibibytes)
    {
        await service.PutAsync("/v1/queues/stuffed", """{"target":{"kind":"simulated"},"capacity":5}""");
        using var client = await WireClient.UploadAsync(Address, "/v1/queues/stuffed/map", hang);
        await client.SendChunkAsync("{\"payload\":0}\n");
        await client.ReadLineAsync();
        await service.Store.PauseAsync("stuffed", paused: true);
        var line = $"{{\"payload\":\"{new string('x', kibibytes * 1024)}\"}}\n";
        if (kibibytes == 1)
            await client.SendChunkAsync(string.Concat(Enumerable.Repeat(line, 10)));
        else
            Assert.NotEqual(0, client.Fill(line)); // more than all buffers between us take: the end stands behind it
        var batch = new JobId(Guid.Parse(client.Head.Split("Location: /v1/batches/")[1].Split('\r')[0]));
        client.Dispose();

        var over = OverAsync(batch);
        await UntilAsync(over, () => time.Advance(TimeSpan.FromSeconds(5)));

        Assert.Equal((CancelReason.Disconnect, 1), ((await over).CancelReason, (await over).Succeeded));
    }

    private async Task<Batch> OverAsync(JobId id)
    {
        using var watch = service.Hub().Watch(id);
        while (true)
        {
            var batch = (await service.Store.FindBatchAsync(id))!;
            if (batch.IsOver)
                return batch;
            await watch.ChangedAsync(Patience.Hang, TimeProvider.System, hang);
        }
    }

    /// <summary>Does it again and again: nobody says when the other side has come to wait for it.</summary>
    private static async Task UntilAsync(Task done, Action again)
    {
        using var hangGuard = new CancellationTokenSource(Patience.Hang);
        using var soon = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        while (!done.IsCompleted)
        {
            await soon.WaitForNextTickAsync(hangGuard.Token);
            again();
        }

        await done;
    }
}
