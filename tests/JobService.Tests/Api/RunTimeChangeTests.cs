using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

/// <summary>A change of a queue or a limit is in force at once, also for the jobs that wait already.</summary>
public sealed class RunTimeChangeTests : IAsyncDisposable
{
    private const string Hourly = """{"kind":"rate","permits":1,"periodSeconds":3600}""";

    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string>
    {
        ["JobService:Upstream:AllowPrivateNetworks"] = "true",
        ["JobService:Intake:MaxWaitSeconds"] = "9",
    });

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory]
    [InlineData("""{"kind":"rate","permits":100}""")]
    [InlineData("""{"kind":"rate","permits":1,"periodSeconds":3600,"burst":50}""")]
    [InlineData("""{"kind":"concurrency","permits":2}""")]
    public async Task Jobs_that_wait_at_a_limit_go_when_it_is_widened(string wider)
    {
        var waiting = await WaitAtAsync(Hourly);

        await service.PutAsync("/v1/limits/l", wider);

        foreach (var job in waiting)
            Assert.Equal("succeeded", await EndOfAsync(job));
    }

    [Fact]
    public async Task Jobs_that_wait_at_a_limit_go_when_their_queue_does_not_name_it_any_more()
    {
        var waiting = await WaitAtAsync(Hourly);

        await service.PutAsync("/v1/queues/q", "{}");

        foreach (var job in waiting)
            Assert.Equal("succeeded", await EndOfAsync(job));
    }

    [Fact]
    public async Task A_narrower_limit_holds_for_the_next_job()
    {
        await service.PutAsync("/v1/limits/l", """{"kind":"rate","permits":1000,"burst":1000}""");
        await service.PutAsync("/v1/queues/q", """{"limits":["l"]}""");
        Assert.Equal("succeeded", await EndOfAsync(await SubmitAsync()));

        await service.PutAsync("/v1/limits/l", Hourly);
        await EndOfAsync(await SubmitAsync(), atMostSeconds: 0);
        var next = await SubmitAsync();

        var waiting = (await GetAsync(next)).GetProperty("waiting");
        Assert.Equal(("limit", "l"), (waiting.GetProperty("reason").GetString(), waiting.GetProperty("limit").GetString()));
        Assert.InRange(waiting.GetProperty("until").GetDateTimeOffset() - service.Store.Now, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(121));
    }

    [Fact]
    public async Task A_limit_that_a_queue_names_from_now_on_holds_for_jobs_that_wait_already()
    {
        await service.PutAsync("/v1/limits/l", Hourly);
        await service.PutAsync("/v1/queues/q", "{}");
        using var pause = await service.SendAsync(HttpMethod.Post, "/v1/queues/q/pause");
        var jobs = new[] { await SubmitAsync(), await SubmitAsync() };

        await service.PutAsync("/v1/queues/q", """{"limits":["l"]}""");
        using var resume = await service.SendAsync(HttpMethod.Post, "/v1/queues/q/resume");

        Assert.Equal("succeeded", await EndOfAsync(jobs[0]));
        Assert.Equal("l", (await GetAsync(jobs[1])).GetProperty("waiting").GetProperty("limit").GetString());
    }

    [Fact]
    public async Task More_calls_at_once_start_as_soon_as_the_queue_allows_them()
    {
        await using var api = new GatedApi();
        await PutConcurrencyAsync(api, 1);
        await SubmitAsync();
        await api.NextAsync();
        var second = await SubmitAsync();
        Assert.Equal("concurrency", (await GetAsync(second)).GetProperty("waiting").GetProperty("reason").GetString());

        await PutConcurrencyAsync(api, 2);

        await api.NextAsync();
        Assert.Equal("running", (await GetAsync(second)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Fewer_calls_at_once_let_the_running_ones_end_and_start_none_until_there_is_room()
    {
        await using var api = new GatedApi();
        await PutConcurrencyAsync(api, 2);
        var jobs = new[] { await SubmitAsync(), await SubmitAsync(), await SubmitAsync() };
        var calls = new[] { await api.NextAsync(), await api.NextAsync() };

        await PutConcurrencyAsync(api, 1);
        calls[0].SetResult();
        var ended = await Task.WhenAny(EndOfAsync(jobs[0]), EndOfAsync(jobs[1]));
        Assert.Equal("succeeded", await ended);
        Assert.Equal("queued", (await GetAsync(jobs[2])).GetProperty("state").GetString());
        Assert.Equal(2, api.Count);
        calls[1].SetResult();

        (await api.NextAsync()).SetResult();
        Assert.Equal("succeeded", await EndOfAsync(jobs[2]));
    }

    [Fact]
    public async Task A_submission_that_waits_for_room_comes_in_when_the_capacity_is_raised()
    {
        await service.PutAsync("/v1/queues/q", """{"capacity":1}""");
        using var pause = await service.SendAsync(HttpMethod.Post, "/v1/queues/q/pause");
        await SubmitAsync();
        var second = service.SubmitAsync("""{"queue":"q","payload":2}""");
        var third = service.SubmitAsync("""{"queue":"q","payload":3}""");

        await service.PutAsync("/v1/queues/q", """{"capacity":3}""");

        using var response = await second;
        using var another = await third;
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (response.StatusCode, another.StatusCode));
    }

    [Fact]
    public async Task A_smaller_capacity_keeps_what_is_in_and_takes_no_more()
    {
        await using var impatient = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Intake:MaxWaitSeconds"] = "0" });
        await impatient.PutAsync("/v1/queues/q", "{}");
        using var pause = await impatient.SendAsync(HttpMethod.Post, "/v1/queues/q/pause");
        using var first = await impatient.SubmitAsync("""{"queue":"q","payload":1}""");
        using var second = await impatient.SubmitAsync("""{"queue":"q","payload":2}""");

        await impatient.PutAsync("/v1/queues/q", """{"capacity":1}""");
        using var third = await impatient.SubmitAsync("""{"queue":"q","payload":3}""");

        using var queue = await impatient.SendAsync(HttpMethod.Get, "/v1/queues/q");
        Assert.Equal((HttpStatusCode.TooManyRequests, 2), (third.StatusCode, (await queue.JsonAsync()).GetProperty("counts").GetProperty("queued").GetInt32()));
    }

    [Fact]
    public async Task A_paused_queue_starts_nothing_and_all_of_it_when_resumed()
    {
        await service.PutAsync("/v1/queues/q", "{}");
        using var pause = await service.SendAsync(HttpMethod.Post, "/v1/queues/q/pause");
        var jobs = new[] { await SubmitAsync(), await SubmitAsync() };
        foreach (var job in jobs)
            Assert.Equal("paused", (await GetAsync(job)).GetProperty("waiting").GetProperty("reason").GetString());

        using var resume = await service.SendAsync(HttpMethod.Post, "/v1/queues/q/resume");

        foreach (var job in jobs)
            Assert.Equal("succeeded", await EndOfAsync(job));
    }

    /// <summary>A queue whose limit has been used up, and the jobs that wait there.</summary>
    private async Task<string[]> WaitAtAsync(string limit)
    {
        await service.PutAsync("/v1/limits/l", limit);
        await service.PutAsync("/v1/queues/q", """{"limits":["l"]}""");
        Assert.Equal("succeeded", await EndOfAsync(await SubmitAsync()));
        var jobs = new string[10];
        for (var i = 0; i < jobs.Length; i++)
            jobs[i] = await SubmitAsync();
        Assert.Equal("l", (await GetAsync(jobs[0])).GetProperty("waiting").GetProperty("limit").GetString());
        return jobs;
    }

    private Task PutConcurrencyAsync(GatedApi api, int maxConcurrency) =>
        service.PutAsync("/v1/queues/q", $$"""{"target":{"kind":"http","baseAddress":"{{api.Address}}"},"maxConcurrency":{{maxConcurrency}}}""");

    private async Task<string> SubmitAsync()
    {
        using var response = await service.SubmitAsync("""{"queue":"q","payload":1}""");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return response.Headers.Location!.ToString();
    }

    private async Task<string?> EndOfAsync(string job, int atMostSeconds = 9) => (await GetAsync($"{job}?wait={atMostSeconds}")).GetProperty("state").GetString();

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await service.SendAsync(HttpMethod.Get, path);
        return await response.JsonAsync();
    }

    /// <summary>An API that answers each call when it is told to.</summary>
    private sealed class GatedApi : IAsyncDisposable
    {
        private readonly Channel<TaskCompletionSource> calls = Channel.CreateUnbounded<TaskCompletionSource>();
        private readonly RawTcpApi api;
        private int count;

        public GatedApi() => api = new RawTcpApi(async (connection, stop) =>
        {
            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Increment(ref count);
            calls.Writer.TryWrite(gate);
            await gate.Task.WaitAsync(stop);
            await WireReplies.Respond()(connection, stop);
        });

        public string Address => api.Address;

        public int Count => Volatile.Read(ref count);

        /// <summary>The next call that has arrived.</summary>
        public Task<TaskCompletionSource> NextAsync() => calls.Reader.ReadAsync().AsTask().WaitAsync(Patience.Hang);

        public ValueTask DisposeAsync() => api.DisposeAsync();
    }
}
