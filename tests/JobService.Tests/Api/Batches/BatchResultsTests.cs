using System.Net;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Api.Batches;

/// <summary>gather, as_completed and wait over HTTP: as a page and as a stream.</summary>
public abstract class BatchResultsContract(BatchService service)
{
    private const string Ndjson = "application/x-ndjson";
    private const string Events = "text/event-stream";

    [Theory]
    [InlineData(Ndjson)]
    [InlineData(Events)]
    public async Task The_head_of_a_stream_does_not_wait_for_its_end(string form)
    {
        var batch = await service.SubmitWaitingAsync($"head-{form.Length}", jobs: 2);

        using var response = await service.Service.SendAsync(HttpMethod.Head, $"/v1/batches/{batch}/results", null, ("Accept", form));

        Assert.Equal((HttpStatusCode.OK, form), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task Gather_waits_at_a_hole_and_as_completed_does_not()
    {
        var id = await service.SubmitWaitingAsync("holes", 4);
        await service.ReleaseAsync(id, "holes", 2, 0, 3);

        var gathered = await service.GetAsync($"/v1/batches/{id}/results?order=input");
        Assert.Equal([0], Items(gathered).Select(item => item.Index()));
        Assert.False(gathered.GetProperty("complete").GetBoolean());
        Assert.Equal([2, 0, 3], Items(await service.GetAsync($"/v1/batches/{id}/results")).Select(item => item.Index()));

        var stream = service.StreamAsync($"/v1/batches/{id}/results?order=input", Ndjson);
        await service.ReleaseAsync(id, "holes", 1);
        Assert.Equal([0, 1, 2, 3], (await stream).Indexes());
        Assert.Equal([1, 2, 3], Items(await service.GetAsync($"/v1/batches/{id}/results?order=input&cursor={gathered.Text("nextCursor")}")).Select(item => item.Index()));
    }

    [Fact]
    public async Task A_stream_hands_each_result_out_as_it_ends_and_says_at_last_how_the_batch_stands()
    {
        var id = await service.SubmitWaitingAsync("live", 3);
        using var client = await WireClient.GetAsync(service.Address, $"/v1/batches/{id}/results", Ndjson, TestContext.Current.CancellationToken);
        foreach (var index in (int[])[1, 2, 0])
        {
            await service.Service.Store.SetSignalAsync($"live-{index}");
            var result = (await client.ReadLineAsync())!.Json();
            Assert.Equal((index, "succeeded", index), (result.Index(), result.Text("state"), result.GetProperty("result").GetProperty("echo").GetInt32()));
        }

        var summary = (await client.ReadLineAsync())!.Json().GetProperty("summary");
        Assert.Equal(("succeeded", "3", "3"), (summary.Text("state"), summary.Text("total"), summary.Text("succeeded")));
        Assert.Null(await client.ReadLineAsync());
        Assert.True(client.IsWhole);
    }

    [Theory]
    [InlineData("completion", new[] { 2, 0, 1 }, new[] { "1", "2", "3" })]
    [InlineData("input", new[] { 0, 1, 2 }, new[] { "0", "1", "2" })]
    public async Task Events_have_an_id_each_and_the_summary_has_none(string order, int[] indexes, string[] ids)
    {
        var name = "events-" + order;
        var id = await service.SubmitWaitingAsync(name, 3);
        await service.ReleaseAsync(id, name, 2, 0, 1);

        var lines = await service.StreamAsync($"/v1/batches/{id}/results?order={order}", Events);

        Assert.Equal(["id", "data", "id", "data", "id", "data", "data"], lines.Select(line => line.Split(':')[0]));
        Assert.Equal(ids, lines.Where(line => line.StartsWith("id: ", StringComparison.Ordinal)).Select(line => line[4..]));
        var data = lines.Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line[6..]).ToArray();
        Assert.Equal(indexes, data.Indexes());

        var rest = await service.StreamAsync($"/v1/batches/{id}/results?order={order}&after=0", Events, ("Last-Event-ID", ids[1]));
        Assert.Equal([$"id: {ids[2]}", lines[5], lines[6]], rest);
        Assert.Equal([data[2], data[3]], await service.StreamAsync($"/v1/batches/{id}/results?order={order}&after={ids[1]}", Ndjson));
    }

    [Theory]
    [InlineData("completion", "first", new[] { 3 })]
    [InlineData("completion", "firstFailure", new[] { 3, 1, 2 })]
    [InlineData("input", "first", new[] { 3 })]
    [InlineData("input", "firstFailure", new[] { 1, 2, 3 })]
    public async Task Until_ends_as_soon_as_there_is_enough(string order, string until, int[] indexes)
    {
        foreach (var form in (string[])[Ndjson, Events, "application/json"])
        {
            var name = $"{order}-{until}-{form.Length}";
            await service.Service.PutAsync("/v1/queues/failing", """{"target":{"kind":"simulated","failureRate":1},"retry":{"maxAttempts":1}}""");
            var id = await service.SubmitAsync($$"""
                {"queue":"fast","jobs":[{{string.Join(',', Enumerable.Range(0, 5).Select(i => $$"""{"payload":{{i}},"queue":"{{(i == 2 ? "failing" : "fast")}}","waitFor":{"signal":"{{name}}-{{i}}"} }"""))}}]}
                """);
            var path = $"/v1/batches/{id}/results?order={order}&until={until}";
            if (form == "application/json")
            {
                Assert.Empty(Items(await service.GetAsync(path)));
                var page = service.GetAsync(path + "&wait=10");
                await service.ReleaseAsync(id, name, indexes.Length == 1 ? [3] : [3, 1, 2]);
                Assert.Equal(indexes, Items(await page).Select(item => item.Index()));
                Assert.False((await page).GetProperty("complete").GetBoolean());
                Assert.Equal(order == "completion", (await page).TryGetProperty("nextCursor", out _));
                continue;
            }

            using var client = await WireClient.GetAsync(service.Address, path, form, TestContext.Current.CancellationToken);
            await client.ReadHeadAsync();
            await service.ReleaseAsync(id, name, indexes.Length == 1 ? [3] : [3, 1, 2]);
            var lines = (await client.ReadToEndAsync()).Split('\n').Where(line => line.Contains('{', StringComparison.Ordinal)).Select(line => line[line.IndexOf('{', StringComparison.Ordinal)..]);
            Assert.Equal(indexes, lines.ToArray().Indexes());
            Assert.Equal("running", lines.Last().Json().GetProperty("summary").Text("state"));
        }
    }

    [Fact]
    public async Task Who_has_the_first_already_waits_for_the_next()
    {
        var id = await service.SubmitWaitingAsync("next", 3);
        await service.ReleaseAsync(id, "next", 1);

        var next = service.StreamAsync($"/v1/batches/{id}/results?until=first&after=1", Ndjson);
        await service.ReleaseAsync(id, "next", 2);

        Assert.Equal([2], (await next).Indexes());
    }

    [Fact]
    public async Task A_page_is_held_until_there_is_enough_and_no_longer()
    {
        var id = await service.SubmitWaitingAsync("held", 3);
        var two = service.GetAsync($"/v1/batches/{id}/results?wait=60&limit=2");
        var all = service.GetAsync($"/v1/batches/{id}/results?wait=60");
        await service.ReleaseAsync(id, "held", 0, 1);

        Assert.Equal([0, 1], Items(await two).Select(item => item.Index()));
        Assert.False(all.IsCompleted);
        Assert.Equal(2, Items(await service.GetAsync($"/v1/batches/{id}/results?wait=0.1")).Length);

        var rest = service.GetAsync($"/v1/batches/{id}/results?wait=60&cursor={(await two).Text("nextCursor")}");
        await service.ReleaseAsync(id, "held", 2);
        Assert.Equal([0, 1, 2], Items(await all).Select(item => item.Index()));
        Assert.True((await all).GetProperty("complete").GetBoolean());
        Assert.Equal([2], Items(await rest).Select(item => item.Index()));
    }

    [Fact]
    public async Task Pages_and_late_readers_miss_nothing()
    {
        using var upload = await service.UploadAsync("/v1/batches?queue=fast", string.Concat(Enumerable.Range(0, 2_500).Select(i => $"{{\"payload\":{i}}}\n")));
        var id = (await upload.JsonAsync()).Text("id");
        await service.OverAsync(id);

        foreach (var order in (string[])["input", "completion"])
        {
            var seen = new List<int>();
            var path = $"/v1/batches/{id}/results?order={order}";
            for (string? cursor = ""; cursor is not null;)
            {
                var page = await service.GetAsync(path + cursor);
                seen.AddRange(Items(page).Select(item => item.Index()));
                cursor = page.TryGetProperty("nextCursor", out var next) ? $"&limit=700&cursor={next}" : null;
                Assert.Equal(cursor is null, page.GetProperty("complete").GetBoolean());
            }

            Assert.Equal(Enumerable.Range(0, 2_500), seen.Order());
            Assert.Equal(seen, (await service.StreamAsync(path, Ndjson)).Indexes());
        }
    }

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/*", "application/json")]
    [InlineData("text/*", Events)]
    [InlineData("application/json; charset=utf-8", "application/json")]
    [InlineData("application/json;q=0.5, application/x-ndjson;q=0.9, text/event-stream;q=0.8", Ndjson)]
    [InlineData("application/json;q=0, */*;q=0.1", Ndjson)]
    [InlineData("application/json;q=0, application/x-ndjson;q=0, */*", Events)]
    [InlineData("text/html, image/png", null)]
    [InlineData("application/json;q=0", null)]
    public async Task The_form_is_what_the_client_likes_best(string? accept, string? expected)
    {
        var id = await service.SubmitAsync("""{"queue":"fast","jobs":[]}""");
        using var response = await service.Service.SendAsync(HttpMethod.Get, $"/v1/batches/{id}/results", null, accept is null ? [] : [("Accept", accept)]);

        Assert.Equal(expected is null ? HttpStatusCode.NotAcceptable : HttpStatusCode.OK, response.StatusCode);
        if (expected is not null)
            Assert.Equal(expected, response.Content.Headers.ContentType?.MediaType);
        else
            Assert.Equal("/problems/not-acceptable", (await ProblemJson.ReadAsync(response)).Type);
    }

    [Theory]
    [InlineData("order=backwards", "")]
    [InlineData("until=never", "")]
    [InlineData("limit=0", "")]
    [InlineData("limit=10001", "")]
    [InlineData("wait=soon", "")]
    [InlineData("after=-2", "")]
    [InlineData("after=x", "")]
    [InlineData("cursor=x", "")]
    [InlineData("order=input&cursor=c3", "")]
    [InlineData("", "x")]
    public async Task A_wish_that_cannot_be_understood_is_400(string query, string lastEventId)
    {
        var id = await service.SubmitAsync("""{"queue":"fast","jobs":[]}""");
        using var response = await service.Service.SendAsync(
            HttpMethod.Get, $"/v1/batches/{id}/results?{query}", null, lastEventId.Length > 0 ? [("Last-Event-ID", lastEventId)] : []);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await ProblemJson.ReadAsync(response);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Ndjson)]
    [InlineData(Events)]
    public async Task There_are_no_results_of_what_is_no_batch(string accept)
    {
        foreach (var id in (string[])["nonsense", "01999999-9999-7999-8999-999999999999"])
        {
            using var response = await service.Service.SendAsync(HttpMethod.Get, $"/v1/batches/{id}/results", null, ("Accept", accept));
            Assert.Equal((404, "/problems/not-found"), ((int)response.StatusCode, (await ProblemJson.ReadAsync(response)).Type));
        }
    }

    [Fact]
    public async Task Answers_of_all_kinds_stand_on_one_line_each()
    {
        var answers = new Dictionary<string, (string Type, string Body)>
        {
            ["pretty"] = ("application/json", "{\r\n  \"a\": [\n    1,\n    \"x\\ny\"\n  ]\r\n}"),
            ["text"] = ("text/plain", "one\ntwo"),
            ["binary"] = ("application/octet-stream", "\u0001\n\u00ff"),
            ["large"] = ("text/plain", new string('x', 65_537)),
            ["empty"] = ("application/json", ""),
        };
        await using var api = new RawTcpApi(request => answers.Single(pair => request.Text.Contains(pair.Key, StringComparison.Ordinal)).Value is var (type, body)
            ? WireReplies.Respond(200, body, "Content-Type: " + type)
            : WireReplies.Close());
        await service.Service.PutAsync("/v1/queues/kinds", $$"""{"target":{"kind":"http","baseAddress":"{{api.Address}}"} }""");
        var id = await service.SubmitAsync($$"""{"queue":"kinds","jobs":[{{string.Join(',', answers.Keys.Select(name => $$"""{"payload":"{{name}}"}"""))}}]}""");
        await service.OverAsync(id);

        foreach (var (form, prefix) in new[] { (Ndjson, ""), (Events, "data: ") })
        {
            var lines = (await service.StreamAsync($"/v1/batches/{id}/results?order=input", form))
                .Where(line => line.StartsWith(prefix + '{', StringComparison.Ordinal)).Select(line => line[prefix.Length..].Json()).ToArray();
            Assert.Equal(6, lines.Length);
            Assert.Equal([1.ToString(System.Globalization.CultureInfo.InvariantCulture), "x\ny"], lines[0].GetProperty("result").GetProperty("a").EnumerateArray().Select(item => item.ToString()));
            Assert.Equal(("one\ntwo", "AQr/"), (lines[1].Text("result"), lines[2].GetProperty("result").Text("base64")));
            Assert.False(lines[3].TryGetProperty("result", out _));
            using var large = await service.Service.SendAsync(HttpMethod.Get, lines[3].GetProperty("links").Text("result"));
            Assert.Equal(65_537, (await large.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length);
            Assert.False(lines[4].TryGetProperty("result", out _) || lines[4].TryGetProperty("links", out _));
        }
    }

    [Fact]
    public async Task An_estimate_stands_from_the_first_end_on()
    {
        var id = await service.SubmitWaitingAsync("eta", 4);
        Assert.False((await service.GetAsync($"/v1/batches/{id}")).TryGetProperty("etaSeconds", out _));
        await service.ReleaseAsync(id, "eta", 0, 1);

        var batch = await service.GetAsync($"/v1/batches/{id}");

        Assert.Equal(("0.5", "2", "2"), (batch.Text("progress"), batch.GetProperty("counts").Text("queued"), batch.GetProperty("counts").Text("succeeded")));
        Assert.True(batch.GetProperty("etaSeconds").GetDouble() >= 0);
        await service.ReleaseAsync(id, "eta", 2, 3);
        Assert.False((await service.GetAsync($"/v1/batches/{id}")).TryGetProperty("etaSeconds", out _));
    }

    private static JsonElement[] Items(JsonElement page) => [.. page.GetProperty("items").EnumerateArray()];
}

public sealed class BatchResultsTests(BatchService service) : BatchResultsContract(service), IClassFixture<BatchService>;

public sealed class PostgresBatchResultsTests(PostgresBatchService service) : BatchResultsContract(service), IClassFixture<PostgresBatchService>;
