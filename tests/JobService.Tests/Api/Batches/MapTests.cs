using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Api.Batches;

/// <summary>Jobs in and results out on one connection, both at once.</summary>
public abstract class MapContract(BatchService service)
{
    private static readonly CancellationToken hang = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Results_come_while_the_upload_is_open()
    {
        using var client = await WireClient.UploadAsync(service.Address, "/v1/queues/fast/map", hang);
        for (var i = 0; i < 3; i++)
        {
            await client.SendChunkAsync($"{{\"payload\":{i}}}\n");
            var result = (await client.ReadLineAsync())!.Json();
            Assert.Equal((i, i), (result.Index(), result.GetProperty("result").GetProperty("echo").GetInt32()));
        }

        await client.EndAsync();
        Assert.Equal("3", (await client.ReadLineAsync())!.Json().GetProperty("summary").Text("succeeded"));
        Assert.Null(await client.ReadLineAsync());
        Assert.True(client.IsWhole);
        Assert.Equal(200, client.Status);
        Assert.Contains("Location: /v1/batches/", client.Head, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/x-ndjson", client.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("input", new[] { 0, 1 })]
    [InlineData("completion", new[] { 1, 0 })]
    public async Task The_order_is_chosen(string order, int[] indexes)
    {
        using var client = await WireClient.UploadAsync(service.Address, $"/v1/queues/fast/map?order={order}", hang);
        await client.SendChunkAsync($"{{\"payload\":0,\"waitFor\":{{\"signal\":\"map-{order}\"}}}}\n{{\"payload\":1}}\n");
        await client.EndAsync();
        await client.ReadHeadAsync();
        await service.UntilAsync(BatchOf(client), now => now.Succeeded == 1);
        await service.Service.Store.SetSignalAsync($"map-{order}");

        Assert.Equal(indexes, (await client.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Indexes());
    }

    [Fact]
    public async Task A_wrong_line_in_the_middle_is_told_before_the_summary()
    {
        using var client = await WireClient.UploadAsync(service.Address, "/v1/queues/fast/map", hang);
        await client.SendChunkAsync("{\"payload\":0}\n{\"nope\":1}\n{\"payload\":2}\n");

        var lines = (await client.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Json()).ToArray();

        Assert.Equal(200, client.Status);
        Assert.Equal(0, lines[0].Index());
        Assert.Equal(("/problems/invalid-request", "2", "1"), (lines[1].Text("type"), lines[1].Text("line"), lines[1].Text("accepted")));
        Assert.Equal("1", lines[2].GetProperty("summary").Text("total"));
        Assert.Equal(3, lines.Length);
    }

    [Theory]
    [InlineData("{\"nope\":1}\n", "/problems/invalid-request")]
    [InlineData("{\"payload\":1,\"queue\":\"default\"}\n", "/problems/invalid-request")]
    public async Task A_wrong_first_line_is_400(string line, string type)
    {
        using var client = await WireClient.UploadAsync(service.Address, "/v1/queues/fast/map", hang);
        await client.SendChunkAsync(line);

        await client.ReadHeadAsync();

        Assert.Equal(400, client.Status);
        var problem = (await client.ReadToEndAsync()).Json();
        Assert.Equal((type, "1"), (problem.Text("type"), problem.Text("line")));
    }

    [Fact]
    public async Task A_job_may_name_the_queue_that_it_goes_to()
    {
        using var response = await service.UploadAsync("/v1/queues/fast/map?order=input", "{\"payload\":1,\"queue\":\"fast\"}\n{\"payload\":2}");

        Assert.Equal([0, 1], (await response.Content.ReadAsStringAsync(hang)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Indexes());
    }

    [Fact]
    public async Task A_map_of_nothing_is_a_summary()
    {
        using var response = await service.UploadAsync("/v1/queues/fast/map", "");

        Assert.Equal("0", (await response.Content.ReadAsStringAsync(hang)).Json().GetProperty("summary").Text("total"));
    }

    [Theory]
    [InlineData("reset", false)]
    [InlineData("close", false)]
    [InlineData("close in a line", false)]
    [InlineData("half close", false)]
    [InlineData("broken frame", false)]
    [InlineData("reset", true)]
    [InlineData("close", true)]
    public async Task Hanging_up_cancels_what_has_not_ended(string how, bool afterTheUpload)
    {
        using var client = await WireClient.UploadAsync(service.Address, "/v1/queues/fast/map", hang);
        await client.SendChunkAsync("{\"payload\":0}\n{\"payload\":1,\"delaySeconds\":600}\n");
        if (afterTheUpload)
            await client.EndAsync();
        Assert.Equal(0, (await client.ReadLineAsync())!.Json().Index());

        switch (how)
        {
            case "reset":
                client.Reset();
                break;
            case "half close":
                client.EndSending();
                break;
            case "broken frame":
                await client.SendAsync("no length\r\n");
                break;
            case "close in a line":
                await client.SendAsync("9\r\n{\"payl");
                client.Dispose();
                break;
            default:
                client.Dispose();
                break;
        }

        var over = await service.OverAsync(BatchOf(client));
        Assert.Equal((1, 1, CancelReason.Disconnect), (over.Succeeded, over.Cancelled, over.CancelReason));
    }

    [Fact]
    public async Task Cancelling_the_batch_ends_the_map_though_its_upload_is_open()
    {
        using var client = await WireClient.UploadAsync(service.Address, "/v1/queues/fast/map", hang);
        await client.SendChunkAsync("{\"payload\":0,\"delaySeconds\":600}\n");
        await client.ReadHeadAsync();

        using var cancel = await service.Service.SendAsync(HttpMethod.Post, $"/v1/batches/{BatchOf(client)}/cancel");

        var lines = (await client.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Json()).ToArray();
        Assert.Equal(("request", "/problems/batch-stopped"), (lines[0].Text("cancelReason"), lines[1].Text("type")));
        Assert.Equal("1", lines[2].GetProperty("summary").Text("cancelled"));
    }

    private static string BatchOf(WireClient client) => client.Head.Split("Location: /v1/batches/")[1].Split('\r')[0];
}

public sealed class MapTests(BatchService service) : MapContract(service), IClassFixture<BatchService>;

public sealed class PostgresMapTests(PostgresBatchService service) : MapContract(service), IClassFixture<PostgresBatchService>;
