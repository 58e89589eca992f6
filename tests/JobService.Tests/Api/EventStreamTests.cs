using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using JobService.Events;
using JobService.Jobs;
using JobService.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Api;

/// <summary>The live view: what is told, to whom, and what happens to those who are slow or come back.</summary>
public sealed class EventStreamTests : IAsyncDisposable
{
    private readonly AnswerEnds ends = new();
    private readonly ServiceFixture service;

    public EventStreamTests() => service = ServiceFixture.With(
        new Dictionary<string, string> { ["JobService:Events:MaxStreams"] = "3" }, services => services.AddSingleton<IStartupFilter>(ends));

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Fact]
    public async Task Jobs_queues_limits_and_signals_are_told_in_the_order_of_what_happens()
    {
        using var stream = await EventReader.OpenAsync(service, "/v1/events");

        await service.PutAsync("/v1/limits/l", """{"kind": "rate", "permits": 1000}""");
        await service.PutAsync("/v1/queues/q", "{}");
        await service.PutAsync("/v1/queues/q", """{"limits": ["l"]}""");
        await ActAsync(HttpMethod.Post, "/v1/queues/q/pause");
        var job = await SubmitAsync("q");
        await ActAsync(HttpMethod.Post, $"/v1/jobs/{job}/cancel");
        await ActAsync(HttpMethod.Post, "/v1/queues/q/resume");
        await ActAsync(HttpMethod.Delete, "/v1/queues/q");
        await ActAsync(HttpMethod.Delete, "/v1/limits/l");
        await ActAsync(HttpMethod.Put, "/v1/signals/s");
        await ActAsync(HttpMethod.Delete, "/v1/signals/s");

        var events = await stream.NextAsync(11);
        Assert.Equal(
            [
                "limit l created", "queue q created", "queue q replaced", "queue q paused", "job q queued", "job q cancelled", "queue q resumed", "queue q deleted",
                "limit l deleted", "signal s set", "signal s cleared",
            ],
            events.Select(told => $"{told["type"]} {told["name"] ?? told["queue"]} {told["change"] ?? told["state"]}"));
        Assert.Equal(events.Select(told => told.Id).Order(StringComparer.Ordinal), events.Select(told => told.Id));
        Assert.Equal("no", Assert.Single(stream.Answer.Headers.GetValues("X-Accel-Buffering")));
        Assert.True(stream.Answer.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("?queue=one", "one queued plain", "one queued tagged", "one replaced ")]
    [InlineData("?tag=order:991", "one queued tagged", "two queued tagged")]
    [InlineData("?queue=two&tag=order:991", "two queued tagged")]
    public async Task Filters_are_combined(string query, params string[] wanted)
    {
        await PausedAsync("one");
        await PausedAsync("two");
        using var stream = await EventReader.OpenAsync(service, "/v1/events" + query);
        foreach (var queue in (string[])["one", "two"])
        {
            await SubmitAsync(queue, ""","key":"plain" """);
            await SubmitAsync(queue, ""","key":"tagged","tags":{"order":"991"} """);
            await service.PutAsync($"/v1/queues/{queue}", """{"capacity": 9}""");
        }

        var seen = await stream.NextAsync(wanted.Length);
        Assert.Equal(wanted, seen.Select(told => $"{told["name"] ?? told["queue"]} {told["change"] ?? told["state"]} {told["key"]}"));
    }

    [Fact]
    public async Task A_batch_is_followed_alone_and_its_jobs_name_it_everywhere()
    {
        await PausedAsync("one");
        await PausedAsync("two");
        using var all = await EventReader.OpenAsync(service, "/v1/events");
        using var first = await service.SendAsync(HttpMethod.Post, "/v1/batches", """{"queue":"one","jobs":[{"payload":1},{"payload":2,"queue":"two"}]}""");
        var batch = (await first.JsonAsync()).GetProperty("id").GetString()!;
        Assert.All(await all.NextAsync(2), told => Assert.Equal(batch, told.Data.GetProperty("batch").GetProperty("id").GetString()));
        using var stream = await EventReader.OpenAsync(service, $"/v1/events?batch={batch}");
        using var ofQueue = await EventReader.OpenAsync(service, $"/v1/events?batch={batch}&queue=two");

        await SubmitAsync("one");
        await ActAsync(HttpMethod.Post, "/v1/queues/one/resume");
        await ActAsync(HttpMethod.Post, $"/v1/batches/{batch}/cancel");

        Assert.Equal(batch, Assert.IsType<SentEvent>(await stream.NextAsync()).Data.GetProperty("batch").GetProperty("id").GetString());
        var told = Assert.IsType<SentEvent>(await ofQueue.NextAsync());
        Assert.Equal(("two", "cancelled", batch), (told["queue"], told["state"], told.Data.GetProperty("batch").GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData("?queue=no%20name", "queue")]
    [InlineData("?tag=no-colon", "tag")]
    [InlineData("?batch=7", "batch")]
    [InlineData("?state=queued", "state")]
    public async Task What_is_wrong_is_refused(string query, string parameter)
    {
        using var response = await service.SendAsync(HttpMethod.Get, "/v1/events" + query);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains($"'{parameter}'", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_id_that_is_none_is_refused()
    {
        using var response = await service.SendAsync(HttpMethod.Get, "/v1/events", json: null, ("Last-Event-ID", "succeeded-1"));

        Assert.Equal(400, (int)response.StatusCode);
    }

    [Fact]
    public async Task Who_was_cut_off_goes_on_where_the_stream_was_cut()
    {
        await PausedAsync("q");
        string cutAt;
        using (var stream = await EventReader.OpenAsync(service, "/v1/events?queue=q"))
        {
            await SubmitAsync("q");
            await SubmitAsync("q", ""","key":"b" """);
            cutAt = (await stream.NextAsync(2))[0].Id!;
        }

        await SubmitAsync("q", ""","key":"c" """);
        using var again = await EventReader.OpenAsync(service, "/v1/events?queue=q", cutAt);

        Assert.Equal(["b", "c"], (await again.NextAsync(2)).Select(told => told["key"]));
    }

    [Theory]
    [InlineData("1000")] // of a former process, or of long ago
    [InlineData("9000000000000000")] // of nobody
    public async Task Who_comes_back_too_late_is_told_that_something_is_missing(string lastEventId)
    {
        using var stream = await EventReader.OpenAsync(service, "/v1/events", lastEventId);

        var gap = Assert.IsType<SentEvent>(await stream.NextAsync());
        Assert.Equal(("gap", null), (gap["type"], gap["missed"]));

        // From there on nothing is missing.
        using var again = await EventReader.OpenAsync(service, "/v1/events", gap.Id);
        await service.PutAsync("/v1/queues/q", "{}");
        Assert.Equal("queue", Assert.IsType<SentEvent>(await again.NextAsync())["type"]);
    }

    [Fact]
    public async Task Who_does_not_read_slows_nobody_and_is_told_what_was_missed()
    {
        const int Jobs = 40_000;
        await PausedAsync("flood");
        using var lazy = new TcpClient { ReceiveBufferSize = 4_096 };
        await lazy.ConnectAsync(service.Address.Host, service.Address.Port, TestContext.Current.CancellationToken);
        await lazy.Client.SendAsync("GET /v1/events?queue=flood HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        using var lines = new StreamReader(lazy.GetStream());
        while (await LineAsync(lines) is { Length: > 0 })
        {
            // The headers: the stream has begun.
        }

        using var watching = await EventReader.OpenAsync(service, "/v1/events?queue=flood");
        var ids = service.Services.GetRequiredService<JobIdSource>();
        for (var left = Jobs; left > 0; left -= 1_000)
            await service.Store.AddAsync([.. Enumerable.Range(0, 1_000).Select(_ => new NewJob { Id = ids.Next(), Queue = "flood", Payload = "1"u8.ToArray() })]);
        await ActAsync(HttpMethod.Post, "/v1/queues/flood/resume");

        SentEvent? told;
        do
        {
            told = await watching.NextAsync();
        }
        while (told?["change"] != "resumed");

        var (seen, missed) = (0L, 0L);
        while (seen + missed <= Jobs)
        {
            var line = await LineAsync(lines);
            if (line!.Contains("\"missed\":", StringComparison.Ordinal))
                missed += long.Parse(line.Split("\"missed\":")[1].TrimEnd('}'));
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                seen++;
        }

        Assert.True(missed > 0);
        Assert.True(seen > 0);
    }

    [Fact]
    public async Task A_stream_that_is_one_too_many_is_refused_until_another_ends()
    {
        using var first = await EventReader.OpenAsync(service, "/v1/events");
        using var second = await EventReader.OpenAsync(service, "/v1/events?queue=q");
        using var client = new TcpClient();
        await client.ConnectAsync(service.Address.Host, service.Address.Port, TestContext.Current.CancellationToken);
        await client.Client.SendAsync("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        using var third = new StreamReader(client.GetStream());
        Assert.Equal("HTTP/1.1 200 OK", await LineAsync(third));

        using var refused = await service.SendAsync(HttpMethod.Get, "/v1/events");
        Assert.Equal(429, (int)refused.StatusCode);

        // The connection may be closed before the service is done with the stream.
        client.Client.Shutdown(SocketShutdown.Send);
        await ends.NextAsync("/v1/events", status: 200);

        using var fourth = await EventReader.OpenAsync(service, "/v1/events");
    }

    [Fact]
    public async Task A_look_at_the_headers_ends_at_once()
    {
        using var response = await service.SendAsync(HttpMethod.Head, "/v1/events");

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task An_event_is_seen_while_the_store_still_has_others_to_tell()
    {
        // Nobody listened before, so nothing was collected: the first stream begins with what is committed from then on.
        await PausedAsync("q");
        await SubmitAsync("q", ""","key":"before" """);
        using var stream = await EventReader.OpenAsync(service, "/v1/events");

        await SubmitAsync("q", ""","key":"after" """);

        Assert.Equal("after", Assert.IsType<SentEvent>(await stream.NextAsync())["key"]);
    }

    private static async Task<string?> LineAsync(StreamReader lines)
    {
        using var hang = new CancellationTokenSource(Patience.Hang);
        try
        {
            return await lines.ReadLineAsync(hang.Token);
        }
        catch (IOException)
        {
            return null; // a reset is an end as well
        }
    }

    private async Task PausedAsync(string queue)
    {
        await service.PutAsync($"/v1/queues/{queue}", "{}");
        await ActAsync(HttpMethod.Post, $"/v1/queues/{queue}/pause");
    }

    private async Task<string> SubmitAsync(string queue, string more = "")
    {
        using var response = await service.SubmitAsync($$"""{"queue":"{{queue}}","payload":1{{more}}}""");
        return (await response.JsonAsync()).GetProperty("id").GetString()!;
    }

    private async Task ActAsync(HttpMethod method, string path)
    {
        using var response = await service.SendAsync(method, path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Tells when the service is done with an answer.</summary>
    private sealed class AnswerEnds : IStartupFilter
    {
        private readonly Channel<(string Path, int Status)> ended = Channel.CreateUnbounded<(string, int)>();

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (http, response) =>
            {
                await response(http);
                ended.Writer.TryWrite((http.Request.Path, http.Response.StatusCode));
            });
            next(app);
        };

        public async Task NextAsync(string path, int status)
        {
            using var hang = new CancellationTokenSource(Patience.Hang);
            while (await ended.Reader.ReadAsync(hang.Token) != (path, status))
            {
                // Another answer.
            }
        }
    }
}
