using System.Text;
using JobService.Dispatch;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Dispatch;

/// <summary>What one attempt tells when its call is over.</summary>
public sealed class FeedbackTests : IAsyncDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly RawTcpApi api;
    private readonly ServiceFixture service;
    private WireReply reply = WireReplies.Respond();

    public FeedbackTests()
    {
        api = new RawTcpApi(_ => reply);
        service = ServiceFixture.With(
            new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" }, services => services.AddSingleton<TimeProvider>(time));
    }

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        await api.DisposeAsync();
    }

    [Theory]
    [InlineData(30, 429, "Retry-After: 30")]
    [InlineData(30, 503, "Retry-After: 30")]
    [InlineData(30, 429, "Retry-After: Thu, 01 Jan 2026 12:00:30 GMT")]
    [InlineData(30, 429, "Retry-After: 30", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 60")]
    [InlineData(60, 429, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 60")]
    [InlineData(60, 429, "x-ratelimit-remaining: 0", "x-ratelimit-reset: 1767268860")]
    [InlineData(60, 429, """RateLimit: "p";r=0;t=60""")]
    // what was cut to 0 seconds, and the end of the window beside it: koa-ratelimit, Flask-Limiter, RedisRateLimiting
    [InlineData(1, 429, "Retry-After: 0", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1")]
    // refusals by other statuses: GitHub, Twitter's old one, LLM APIs that are overloaded
    [InlineData(60, 403, "x-ratelimit-limit: 60", "x-ratelimit-remaining: 0", "x-ratelimit-reset: 1767268860")]
    [InlineData(60, 403, "Retry-After: 60")]
    [InlineData(60, 413, "Retry-After: 60")]
    [InlineData(60, 420, "Retry-After: 60")]
    [InlineData(60, 423, "Retry-After: 60")]
    [InlineData(60, 409, "Retry-After: 60")]
    [InlineData(30, 404, "Retry-After: 30")]
    [InlineData(60, 503, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 60")]
    [InlineData(60, 429, "x-ratelimit-remaining-requests: 5", "x-ratelimit-reset-requests: 1s", "x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 1m")]
    [InlineData(30, 529, "Retry-After: 30")]
    [InlineData(null, 529)]
    [InlineData(null, 429)]
    [InlineData(null, 429, "Retry-After: soon")]
    [InlineData(null, 429, "Retry-After: 0")]
    [InlineData(null, 429, "Retry-After: Thu, 01 Jan 2026 11:00:00 GMT")]
    [InlineData(null, 429, "X-RateLimit-Remaining: 5", "X-RateLimit-Reset: 60")]
    public async Task A_refusal_says_until_when_if_the_API_does(int? seconds, int status, params string[] headers)
    {
        reply = WireReplies.Respond(status, "not now", headers);

        var (end, feedback) = await RunAsync(await ClaimedAsync());

        Assert.Equal(status, Assert.IsType<JobOutcome.Throttled>(end.Outcome).Error.Status);
        Assert.Equal(new CallFeedback { Refused = true, NotBefore = seconds is { } wait ? service.Store.Now + TimeSpan.FromSeconds(wait) : null }, feedback);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_one_statement_was_cut_to_nothing_the_pause_is_that_of_the_other(bool isLimited)
    {
        reply = WireReplies.Respond(429, "not now", "Retry-After: 0", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 7");
        await PutLimitAsync("calls", new ConcurrencyDefinition { Permits = 100 });
        await service.Store.PutQueueAsync("api", new QueueDefinition { Target = new HttpTarget { BaseAddress = api.Address }, Limits = isLimited ? ["calls"] : [] }, expected: null);
        var begin = service.Store.Now;
        using var changed = new SemaphoreSlim(0);
        using var watch = await service.Store.WatchAsync((_, _) => changed.Release());

        using var posted = await service.SubmitAsync("""{"queue": "api", "payload": 1}""");
        DateTimeOffset? pausedUntil;
        while ((pausedUntil = isLimited
            ? (await service.Store.LimitAsync("calls", key: null))?.PausedUntil
            : (await service.Store.LearnedAsync("api", key: null))?.PausedUntil) is null)
        {
            Assert.True(await changed.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken), "Nothing was learned.");
        }

        Assert.Equal(TimeSpan.FromSeconds(7), pausedUntil - begin);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Any_other_answer_tells_what_the_API_still_allows(int status)
    {
        reply = WireReplies.Respond(status, "{}", "X-RateLimit-Remaining: 5", "X-RateLimit-Reset: 60");

        var (_, feedback) = await RunAsync(await ClaimedAsync());

        Assert.Equal([new CallBudget(BudgetUnit.Calls, 5, service.Store.Now + TimeSpan.FromSeconds(60))], feedback!.Budgets);
        Assert.False(feedback.Refused);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(200, "Retry-After: 30")]
    [InlineData(200, "X-RateLimit-Remaining: 0")]
    [InlineData(200, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268799")]
    [InlineData(500)]
    public async Task Where_nothing_is_said_nothing_is_told(int status, params string[] headers)
    {
        reply = WireReplies.Respond(status, "{}", headers);

        Assert.Null((await RunAsync(await ClaimedAsync())).Feedback);
    }

    [Fact]
    public async Task A_bare_503_is_a_failure_and_slows_calls_without_a_limit()
    {
        reply = WireReplies.Respond(503, "{}");
        await PutLimitAsync("calls", new RateDefinition { Permits = 100 });

        var (end, feedback) = await RunAsync(await ClaimedAsync());

        Assert.IsType<JobOutcome.Retried>(end.Outcome);
        Assert.Equal((true, null), (feedback!.Refused, feedback.NotBefore));
        Assert.Null((await RunAsync(await ClaimedAsync(new QueueDefinition { Limits = ["calls"] }))).Feedback);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(403)]
    [InlineData(500)]
    public async Task What_a_queue_names_is_a_refusal_there(int status)
    {
        reply = WireReplies.Respond(status, "not now");

        var (named, feedback) = await RunAsync(await ClaimedAsync(new QueueDefinition { ThrottledBy = [503, 403, 500] }));
        var (other, _) = await RunAsync(await ClaimedAsync());

        Assert.Equal(status, Assert.IsType<JobOutcome.Throttled>(named.Outcome).Error.Status);
        Assert.Equal(new CallFeedback { Refused = true }, feedback);
        Assert.IsNotType<JobOutcome.Throttled>(other.Outcome);
    }

    [Theory]
    [InlineData("Retry-After: 0", "X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 9", "X-RateLimit-Reset: 1767268801")] // Flask-Limiter
    [InlineData("Retry-After: 0.942", "X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 9", "X-RateLimit-Reset: 1767268802")] // rate-limiter-flexible
    [InlineData("X-RateLimit-Retry-After: 1767268800", "X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 9")] // Symfony's documentation
    public async Task The_end_of_a_window_that_every_response_tells_makes_no_refusal_of_an_error(params string[] headers)
    {
        reply = WireReplies.Respond(404, "no such thing", headers);

        Assert.Equal(404, Assert.IsType<JobOutcome.Failed>((await RunAsync(await ClaimedAsync())).End.Outcome).Error.Status);
    }

    [Fact]
    public async Task A_second_limit_refuses_while_the_first_has_calls_left()
    {
        reply = WireReplies.Respond(403, "secondary rate limit", "Retry-After: 60", "x-ratelimit-limit: 5000", "x-ratelimit-remaining: 4990", "x-ratelimit-reset: 1767272400");

        var (end, feedback) = await RunAsync(await ClaimedAsync());

        Assert.IsType<JobOutcome.Throttled>(end.Outcome);
        Assert.Equal(service.Store.Now + TimeSpan.FromSeconds(60), feedback!.NotBefore);
    }

    [Fact]
    public async Task Where_one_call_at_a_time_is_allowed_an_error_is_no_refusal()
    {
        reply = WireReplies.Respond(404, "no such thing", "X-RateLimit-Limit: 1", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1");

        var (end, feedback) = await RunAsync(await ClaimedAsync());

        Assert.Equal(404, Assert.IsType<JobOutcome.Failed>(end.Outcome).Error.Status);
        Assert.Equal([new CallBudget(BudgetUnit.Calls, 0, service.Store.Now + TimeSpan.FromSeconds(1), Limit: 1)], feedback!.Budgets);
    }

    [Theory]
    [InlineData(429, "false", typeof(JobOutcome.Failed))]
    [InlineData(529, "false", typeof(JobOutcome.Failed))]
    [InlineData(500, "false", typeof(JobOutcome.Failed))]
    [InlineData(500, "true", typeof(JobOutcome.Retried))]
    [InlineData(409, "true", typeof(JobOutcome.Retried))]
    [InlineData(409, "perhaps", typeof(JobOutcome.Failed))]
    [InlineData(429, "true", typeof(JobOutcome.Throttled))]
    public async Task The_API_may_say_whether_it_wants_the_request_again(int status, string shouldRetry, Type outcome)
    {
        reply = WireReplies.Respond(status, "{}", $"x-should-retry: {shouldRetry}");

        var (end, feedback) = await RunAsync(await ClaimedAsync());

        Assert.IsType(outcome, end.Outcome);
        Assert.Equal(status is 429 or 529, feedback?.Refused == true); // the others are to wait all the same
    }

    [Theory]
    [InlineData(-600)]
    [InlineData(600)]
    public async Task A_clock_that_is_minutes_off_waits_as_long(int ownClockIsAheadBy)
    {
        var theirs = time.GetUtcNow() - TimeSpan.FromSeconds(ownClockIsAheadBy);
        reply = WireReplies.Respond(429, "not now", $"Date: {theirs:r}", $"Retry-After: {theirs.AddSeconds(5):r}");

        var (_, feedback) = await RunAsync(await ClaimedAsync());

        Assert.Equal(service.Store.Now + TimeSpan.FromSeconds(5), feedback!.NotBefore);
    }

    [Fact]
    public async Task A_failure_waits_as_long_as_the_API_asks_and_teaches_nothing()
    {
        reply = WireReplies.Respond(500, "broken", "Retry-After: 1000");

        var (end, feedback) = await RunAsync(await ClaimedAsync());

        Assert.Equal(TimeSpan.FromSeconds(1000), Assert.IsType<JobOutcome.Retried>(end.Outcome).Wait);
        Assert.Null(feedback);
    }

    [Fact]
    public async Task A_call_that_was_not_made_teaches_nothing()
    {
        var job = await ClaimedAsync() with { StartBefore = service.Store.Now };

        var (end, feedback) = await RunAsync(job);

        Assert.Equal(new JobOutcome.Unstarted(), end.Outcome);
        Assert.Null(feedback);
    }

    [Fact]
    public async Task An_open_circuit_says_until_when_and_is_no_attempt()
    {
        reply = WireReplies.Respond(500);
        var job = await ClaimedAsync();
        for (var call = 0; call < 20; call++)
            await RunAsync(job);

        var (end, feedback) = await RunAsync(job);

        Assert.Equal((new JobOutcome.Unstarted(), null), (end.Outcome, end.StartedAt));
        Assert.Equal(new CallFeedback { CircuitOpen = true, NotBefore = service.Store.Now + TimeSpan.FromSeconds(5) }, feedback);
    }

    [Theory]
    [InlineData(429, "Retry-After: 1")]
    [InlineData(200, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1")]
    public async Task This_node_holds_before_the_permit_goes_back(int status, params string[] headers)
    {
        reply = WireReplies.Respond(status, "{}", headers);
        var job = await ClaimedAsync();
        using var attempt = new RunningAttempt(job);
        var held = false;

        await service.Services.GetRequiredService<JobExecutor>().RunAsync(attempt, _ => held = service.Services.GetRequiredService<Holds>().Holding(job));

        Assert.True(held);
    }

    [Fact]
    public async Task The_cost_goes_to_each_limit_that_asks_for_it()
    {
        reply = WireReplies.Respond(200, """{"usage": {"in": 7, "out": 5}}""", "Content-Type: application/json");
        await PutLimitAsync("in", new RateDefinition { Permits = 100, WeightFrom = "usage.in" });
        await PutLimitAsync("out", new RateDefinition { Permits = 100, WeightFrom = "usage.out" });
        await PutLimitAsync("nowhere", new RateDefinition { Permits = 100, WeightFrom = "usage.nowhere" });
        await PutLimitAsync("calls", new RateDefinition { Permits = 100 });

        var (_, feedback) = await RunAsync(await ClaimedAsync(new QueueDefinition { Limits = ["in", "calls", "out", "nowhere"] }));

        Assert.Equal(new Dictionary<string, int> { ["in"] = 7, ["out"] = 5 }, feedback!.TrueWeights);
    }

    [Fact]
    public async Task Costs_hidden_in_much_JSON_are_looked_for_two_at_a_time()
    {
        await PutLimitAsync("sum", new RateDefinition { Permits = 100, WeightFrom = "usage.in + usage.out" });
        var job = await ClaimedAsync(new QueueDefinition { Limits = ["sum"] });
        var feedbackReader = service.Services.GetRequiredService<FeedbackReader>();
        var large = new CallResult.Responded(200, "application/json", Encoding.UTF8.GetBytes("""{"usage": {"in": 7, "out": 5}, "text": "…"}""".Replace("…", new string('x', 20_000), StringComparison.Ordinal)));
        var small = large with { Body = """{"usage": {"in": 7, "out": 5}}"""u8.ToArray() };
        using var abandoned = new CancellationTokenSource();
        await TrueCost.Turns.WaitAsync(TestContext.Current.CancellationToken);
        await TrueCost.Turns.WaitAsync(TestContext.Current.CancellationToken);

        var waiting = feedbackReader.ReadAsync(job, large, CancellationToken.None).AsTask();
        var given = feedbackReader.ReadAsync(job, large, abandoned.Token).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(12, (await feedbackReader.ReadAsync(job, small, CancellationToken.None))!.TrueWeights!["sum"]); // in passing

        await abandoned.CancelAsync();
        Assert.Null(await given);
        TrueCost.Turns.Release(2);
        Assert.Equal(12, (await waiting)!.TrueWeights!["sum"]);
    }

    [Fact]
    public async Task What_the_queue_says_holds_for_limits_that_count_weight_and_do_not_say_it_themselves()
    {
        reply = WireReplies.Respond(200, """{"usage": {"in": 7, "out": 5}}""", "Content-Type: application/json");
        await PutLimitAsync("in", new RateDefinition { Permits = 100, WeightFrom = "usage.in" });
        await PutLimitAsync("any", new RateDefinition { Permits = 100 });
        await PutLimitAsync("rate", new RateDefinition { Permits = 100 });
        await PutLimitAsync("atOnce", new ConcurrencyDefinition { Permits = 100 });
        await PutLimitAsync("calls", new RateDefinition { Permits = 100, Counts = LimitDefinition.Calls });
        await PutLimitAsync("named", new RateDefinition { Permits = 100, Counts = "inputTokens" });

        var (_, feedback) = await RunAsync(await ClaimedAsync(new QueueDefinition { Limits = ["in", "any", "rate", "atOnce", "calls", "named"], WeightFrom = "usage.out" }));

        Assert.Equal(new Dictionary<string, int> { ["in"] = 7, ["any"] = 5, ["rate"] = 5 }, feedback!.TrueWeights);
    }

    [Theory]
    [InlineData(200, """{"usage": "?"}""")]
    [InlineData(200, "no JSON")]
    [InlineData(404, """{"usage": 5}""")]
    [InlineData(500, """{"usage": 5}""")]
    public async Task Without_a_cost_in_a_good_answer_nothing_is_corrected(int status, string body)
    {
        reply = WireReplies.Respond(status, body, "Content-Type: application/json");
        await PutLimitAsync("tokens", new RateDefinition { Permits = 100, WeightFrom = "usage" });

        Assert.Null((await RunAsync(await ClaimedAsync(new QueueDefinition { Limits = ["tokens"] }))).Feedback);
    }

    [Theory]
    [InlineData(61, 60, 1, false)]
    [InlineData(61, 61, null, true)]
    [InlineData(61, 60, null, false)]
    [InlineData(61, 60, 2, true)]
    [InlineData(61, null, 61, false)]
    [InlineData(61, null, 62, true)]
    [InlineData(86_400, null, 100_000, false)] // no pause is longer than a day: then it is asked again
    [InlineData(86_400, 1, 100_000, true)]
    public async Task A_job_fails_at_a_refusal_that_comes_too_late_or_says_that_it_will_be(int giveUpAfter, int? refusedSeconds, int? retryAfter, bool givesUp)
    {
        reply = WireReplies.Respond(429, "not now", $"Retry-After: {retryAfter?.ToString() ?? "soon"}");
        var job = await ClaimedAsync(new QueueDefinition { Retry = new RetryPolicy { GiveUpAfterSeconds = giveUpAfter } });

        var (end, feedback) = await RunAsync(job with { ThrottledSince = refusedSeconds is { } since ? service.Store.Now - TimeSpan.FromSeconds(since) : null });

        Assert.Equal(givesUp ? ErrorTypes.Throttled : null, (end.Outcome as JobOutcome.Failed)?.Error.Type);
        Assert.Equal(givesUp, end.Outcome is not JobOutcome.Throttled);
        Assert.True(feedback!.Refused); // the others are to wait all the same
    }

    [Fact]
    public async Task Most_calls_teach_nothing_and_that_costs_nothing()
    {
        await PutLimitAsync("calls", new RateDefinition { Permits = 100 });
        var job = await ClaimedAsync(new QueueDefinition { Limits = ["calls"] });
        var feedbackReader = service.Services.GetRequiredService<FeedbackReader>();
        var response = new CallResult.Responded(200, "application/json", "{}"u8.ToArray());
        feedbackReader.Of(job, response);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var call = 0; call < 1_000; call++)
            feedbackReader.Of(job, response);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private async Task<(AttemptEnd End, CallFeedback? Feedback)> RunAsync(ClaimedJob job)
    {
        CallFeedback? told = null;
        using var attempt = new RunningAttempt(job);
        return (await service.Services.GetRequiredService<JobExecutor>().RunAsync(attempt, over => told = over.Feedback), told);
    }

    private async Task PutLimitAsync(string name, LimitDefinition definition) => await service.Store.PutLimitAsync(name, definition, expected: null);

    private async Task<ClaimedJob> ClaimedAsync(QueueDefinition? queue = null)
    {
        await service.Store.PutQueueAsync("api", (queue ?? new QueueDefinition()) with { Target = new HttpTarget { BaseAddress = api.Address } }, expected: null);
        return new ClaimedJob
        {
            Id = service.Services.GetRequiredService<JobIdSource>().Next(),
            Lease = 1,
            Queue = service.Store.Catalog.Queues["api"],
            Attempt = 1,
            MaxAttempts = 5,
            Timeout = TimeSpan.FromSeconds(30),
            Payload = "1"u8.ToArray(),
        };
    }
}
