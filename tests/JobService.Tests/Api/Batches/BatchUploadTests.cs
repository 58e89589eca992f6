using System.Net;
using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Api.Batches;

/// <summary>Batches that come line by line.</summary>
public abstract class BatchUploadContract(BatchService service)
{
    private const int MaxLineBytes = 1024 * 1024;

    [Theory]
    [InlineData("{\"payload\":0}\n{\"payload\":1}\n")]
    [InlineData("{\"payload\":0}\n{\"payload\":1}")]
    [InlineData("\n\n{\"payload\":0}\r\n\r\n \t{\"payload\":1} \r\n\n  \n")]
    public async Task A_job_a_line_however_the_lines_are_ended(string lines)
    {
        using var response = await service.UploadAsync("/v1/batches?queue=fast", lines);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var batch = await response.JsonAsync();
        Assert.Equal(("/v1/batches/" + batch.Text("id"), "2"), (response.Headers.Location?.ToString(), batch.Text("total")));
        var page = await service.GetAsync($"/v1/batches/{batch.Text("id")}/results?order=input&wait=10");
        Assert.Equal(["0", "1"], page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("result").Text("echo")));
    }

    [Fact]
    public async Task An_upload_of_nothing_is_a_batch_of_nothing()
    {
        using var response = await service.UploadAsync("/v1/batches", "\n\n");

        Assert.Equal(("succeeded", "0"), ((await response.JsonAsync()).Text("state"), (await response.JsonAsync()).Text("total")));
    }

    [Fact]
    public async Task The_options_stand_in_the_query()
    {
        using var response = await service.UploadAsync(
            "/v1/batches?queue=fast&onFailure=cancel&key=007&priority=-5&weight=2&timeoutSeconds=1.5&maxAttempts=3", "{\"payload\":1,\"delaySeconds\":600}\n{\"payload\":1,\"key\":\"own\"}\n");

        var batch = await response.JsonAsync();
        Assert.Equal(("cancel", "fast"), (batch.Text("onFailure"), batch.Text("queue")));
        var jobs = (await service.GetAsync("/v1/jobs?batch=" + batch.Text("id"))).GetProperty("items").EnumerateArray().Reverse().ToArray();
        Assert.Equal([("007", "-5", "2", "3"), ("own", "-5", "2", "3")], jobs.Select(job => (job.Text("key"), job.Text("priority"), job.Text("weight"), job.Text("maxAttempts"))));
    }

    [Theory]
    [InlineData("{", 400, "/problems/invalid-request")]
    [InlineData("[]", 400, "/problems/invalid-request")]
    [InlineData("{}", 400, "/problems/invalid-request")]
    [InlineData("{\"payload\":1,\"nope\":2}", 400, "/problems/invalid-request")]
    [InlineData("{\"payload\":1}{\"payload\":1}", 400, "/problems/invalid-request")]
    [InlineData("{\"payload\":1,\"queue\":\"nowhere\"}", 422, "/problems/unknown-queue")]
    public async Task A_bad_line_ends_the_upload_and_the_batch_holds_what_came_before(string bad, int status, string type)
    {
        using var response = await service.UploadAsync("/v1/batches?queue=fast", $"{{\"payload\":0}}\n\n{{\"payload\":1}}\n{bad}\n{{\"payload\":2}}\n");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(type, (await ProblemJson.ReadAsync(response)).Type);
        var problem = await response.JsonAsync();
        Assert.Equal(("2", "4"), (problem.Text("accepted"), problem.Text("line")));
        Assert.Equal(2, (await service.OverAsync(problem.Text("batch"))).Succeeded);
    }

    [Theory]
    [InlineData("x", "Line 2 of the upload: Not valid JSON: 'x' is an invalid start of a value. Byte 1.")]
    [InlineData("null", "Line 2 of the upload: Must be a JSON object, not null.")]
    [InlineData("[]", "Line 2 of the upload: Must be a JSON object, not an array.")]
    public async Task What_is_wrong_with_a_line_names_it_once(string bad, string detail)
    {
        using var response = await service.UploadAsync("/v1/batches?queue=fast", $"{{\"payload\":0}}\n{bad}\n");

        Assert.Equal(detail, (await response.JsonAsync()).Text("detail"));
    }

    [Fact]
    public async Task A_line_has_a_mebibyte_at_most()
    {
        string Line(int bytes) => "{\"payload\":\"" + new string('x', bytes - 14) + "\"}";
        using var response = await service.UploadAsync("/v1/batches?queue=fast", Line(MaxLineBytes) + "\n" + Line(MaxLineBytes + 1) + "\n{\"payload\":1}\n");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.JsonAsync();
        Assert.Equal(("1", "2"), (problem.Text("accepted"), problem.Text("line")));
        Assert.Contains("1048576 bytes", problem.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_without_an_end_is_not_waited_for()
    {
        using var client = await WireClient.UploadAsync(service.Address, "/v1/batches?queue=fast", TestContext.Current.CancellationToken);
        await client.SendChunkAsync("{\"payload\":0}\n");
        await client.SendChunkAsync(new string('x', MaxLineBytes + 1));

        await client.ReadHeadAsync();

        Assert.Equal(400, client.Status);
        Assert.Equal("2", (await client.ReadToEndAsync()).Json().Text("line"));
    }

    [Fact]
    public async Task A_full_queue_slows_the_upload_down_instead_of_refusing_it()
    {
        const int Jobs = 5_000;
        await service.Service.PutAsync("/v1/queues/narrow", """{"target":{"kind":"simulated"},"capacity":50}""");

        using var response = await service.UploadAsync("/v1/batches?queue=narrow", string.Concat(Enumerable.Range(0, Jobs).Select(i => $"{{\"payload\":{i}}}\n")));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var id = (await response.JsonAsync()).Text("id");
        Assert.Equal(Jobs, (await service.OverAsync(id)).Succeeded);
        var lines = await service.StreamAsync($"/v1/batches/{id}/results?order=input", "application/x-ndjson");
        Assert.Equal(Enumerable.Range(0, Jobs), lines[..^1].Select(line => line.Json().GetProperty("result").GetProperty("echo").GetInt32()));
        Assert.Equal(Enumerable.Range(0, Jobs), lines.Indexes());
    }

    [Theory]
    [InlineData("fast", 2)] // the client says nothing
    [InlineData("closed", 1)] // the upload waits for room
    public async Task Cancelling_the_batch_ends_its_upload_whatever_it_waits_for(string queue, int taken)
    {
        await service.Service.PutAsync("/v1/queues/closed", """{"capacity":1}""");
        await service.Service.Store.PauseAsync("closed", paused: true);
        using var other = await service.Service.SubmitAsync("""{"queue":"closed","payload":1}""");
        using var client = await WireClient.UploadAsync(service.Address, "/v1/batches?queue=fast", TestContext.Current.CancellationToken);
        var id = BatchWithAsync(taken);
        await client.SendChunkAsync($"{{\"payload\":0}}\n{{\"payload\":1,\"queue\":\"{queue}\"}}\n");
        var batch = await id;

        using var cancel = await service.Service.SendAsync(HttpMethod.Post, $"/v1/batches/{batch}/cancel");

        await client.ReadHeadAsync();
        Assert.Equal(409, client.Status);
        var problem = (await client.ReadToEndAsync()).Json();
        Assert.Equal(("/problems/batch-stopped", batch, $"{taken}", "2"), (problem.Text("type"), problem.Text("batch"), problem.Text("accepted"), problem.Text("line")));
        Assert.Equal((taken, true), ((await service.OverAsync(batch)).Total, (await service.BatchAsync(batch)).FinishedAt is not null));
    }

    [Fact]
    public async Task A_broken_frame_is_a_bad_request_and_the_batch_holds_what_came_before()
    {
        using var client = await WireClient.UploadAsync(service.Address, "/v1/batches?queue=fast", TestContext.Current.CancellationToken);
        var id = BatchWithAsync(jobs: 1);
        await client.SendChunkAsync("{\"payload\":0}\n");
        var batch = await id;
        await client.SendAsync("no length\r\n");

        await client.ReadHeadAsync();

        Assert.Equal(400, client.Status);
        Assert.Equal("1", (await client.ReadToEndAsync()).Json().Text("accepted"));
        Assert.Equal((1, false), ((await service.OverAsync(batch)).Succeeded, (await service.BatchAsync(batch)).IsOpen));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_upload_that_is_cut_in_a_line_closes_the_batch_with_the_whole_lines_before(bool reset)
    {
        var client = await WireClient.UploadAsync(service.Address, "/v1/batches?queue=fast", TestContext.Current.CancellationToken);
        var id = BatchWithAsync(jobs: 2);
        await client.SendChunkAsync("{\"payload\":0}\n{\"payload\":1}\n{\"payl");
        var batch = await id;

        if (reset)
            client.Reset();
        else
            client.Dispose();

        var over = await service.OverAsync(batch);
        Assert.Equal((2, 2, null), (over.Total, over.Succeeded, over.CancelReason));
    }

    /// <summary>The next batch that has so many jobs.</summary>
    private async Task<string> BatchWithAsync(int jobs)
    {
        var changed = System.Threading.Channels.Channel.CreateUnbounded<JobId>();
        service.Service.Store.Committed += news => news.Batches.ToList().ForEach(batch => changed.Writer.TryWrite(batch));
        using var hang = new CancellationTokenSource(Patience.Hang);
        while (true)
        {
            var id = await changed.Reader.ReadAsync(hang.Token);
            if (await service.Service.Store.FindBatchAsync(id) is { IsOpen: true } batch && batch.Total == jobs)
                return id.ToString();
        }
    }
}

public sealed class BatchUploadTests(BatchService service) : BatchUploadContract(service), IClassFixture<BatchService>;

public sealed class PostgresBatchUploadTests(PostgresBatchService service) : BatchUploadContract(service), IClassFixture<PostgresBatchService>;
