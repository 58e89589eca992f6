using JobService.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Upstream;

/// <summary>Responses as limiters and APIs send them, taken from running packages or from the vendors' documentation, and what they say to us.</summary>
public sealed class DialectTests
{
    // What is told as a moment counts against the Date of the response, of which nothing finer is known here than its second.
    private const string Date = "Date: Mon, 30 Nov 2026 16:17:11 GMT";
    private const long Second = 1_796_055_431;

    /// <summary>The limiter, its status, how long to wait in seconds after a refusal, what is left, and the headers.</summary>
    public static TheoryData<string, int, double?, string, string[]> Responses => new()
    {
        { "express-rate-limit 8.7.5", 200, null, "Calls 0 of 10 for 1", ["X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 0", Date, "X-RateLimit-Reset: 1796055432"] },
        { "express-rate-limit 8.7.5", 429, 1, "Calls 0 of 10 for 1", ["X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 0", Date, "X-RateLimit-Reset: 1796055432", "Retry-After: 1"] },
        {
            "express-rate-limit 8.7.5, draft-8", 429, 1, "Calls 0 of 10 for 1",
            ["RateLimit: \"10-in-1sec\"; r=0; t=1", "RateLimit-Policy: \"10-in-1sec\"; q=10; w=1; pk=:MTJjYTE3YjQ5YWYy:", "Retry-After: 1", Date]
        },
        { "@fastify/rate-limit 11.2.0", 429, 1, "Calls 0 of 10 for 1", ["x-ratelimit-limit: 10", "x-ratelimit-remaining: 0", "x-ratelimit-reset: 1", "retry-after: 1", Date] },
        {
            "hono-rate-limiter 0.5.4", 429, 1, "Calls 0 of 10 for 1",
            ["ratelimit-limit: 10", "ratelimit-policy: 10;w=1", "ratelimit-remaining: 0", "ratelimit-reset: 1", "retry-after: 1", Date]
        },
        {
            "koa-ratelimit 6.0.0", 429, 1, "Calls 0 of 10 for 1",
            ["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1796055432.139698", "X-RateLimit-Limit: 10", "Retry-After: 0", Date]
        },
        { "koa-ratelimit 6.0.0 on Redis", 429, 1, "Calls 0 of 10 for 1", ["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1796055431", "X-RateLimit-Limit: 10", "Retry-After: 0", Date] },
        { "koa2-ratelimit 1.1.3", 429, 1, "Calls 0 of 10 for 1", ["X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1796055432", "Retry-After: 1", Date] },
        { "rate-limiter-flexible 11.4.0", 429, 0.911, "Calls 0 of 10 for 0.911", ["Retry-After: 0.911", "X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1796055433", Date] },
        { "rate-limiter-flexible 11.4.0", 200, null, "Calls 9 of 10 for 0.999", ["Retry-After: 0.999", "X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 9", "X-RateLimit-Reset: 1796055433", Date] },
        {
            "rate-limiter-flexible, as documented", 429, 3, "Calls 0 of 10 for 3",
            ["Retry-After: 3", "X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: Mon Nov 30 2026 17:17:14 GMT+0100 (Central European Standard Time)", Date]
        },
        { "@nestjs/throttler 6.7.1", 429, 1, "", ["Retry-After: 1", Date] },
        { "@nestjs/throttler 6.7.1, named", 200, null, "Calls 0 of 10 for 1", ["X-RateLimit-Limit-short: 10", "X-RateLimit-Remaining-short: 0", "X-RateLimit-Reset-short: 1", Date] },
        { "@nestjs/throttler 6.7.1, named", 429, 1, "", ["Retry-After-short: 1", Date] },
        { "async-ratelimiter", 429, 1, "Calls 0 of 10 for 1", ["X-Rate-Limit-Limit: 10", "X-Rate-Limit-Remaining: 0", "X-Rate-Limit-Reset: 1796055431", Date] },
        { "hapi-rate-limit 8.0.0", 429, 0.334, "Calls 0 of 10 for 0.334", ["X-RateLimit-UserLimit: 10", "X-RateLimit-UserRemaining: -1", "X-RateLimit-UserReset: 1796055431334", Date] },
        { "ASP.NET Core, fixed window", 429, 1, "", [Date, "Retry-After: 1"] },
        { "RedisRateLimiting 1.2.1, fixed window", 429, 1, "Calls 0 of 10 for 1", [Date, "Retry-After: 1", "X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1796055432"] },
        { "RedisRateLimiting 1.2.1, sliding window", 429, null, "", [Date, "X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 0"] },
        { "Flask-Limiter 3.3.0", 429, 1, "Calls 0 of 10 for 1", [Date, "Retry-After: 0", "X-Ratelimit-Limit: 10", "X-Ratelimit-Remaining: 0", "X-Ratelimit-Reset: 1796055432"] },
        { "Django REST framework", 429, 1, "", [Date, "Retry-After: 1"] },
        { "rack-attack", 429, null, "", [] },
        { "Symfony, as documented", 200, null, "Calls 0 of 10 for 1", [Date, "X-RateLimit-Remaining: 0", "X-RateLimit-Retry-After: 1796055431", "X-RateLimit-Limit: 10"] },
        { "Symfony, as documented", 429, 1, "Calls 0 of 10 for 1", [Date, "X-RateLimit-Remaining: 0", "X-RateLimit-Retry-After: 1796055432", "X-RateLimit-Limit: 10"] },
        { "vulcand/oxy 1.3.0", 429, 0.1, "", ["Retry-After: 0", "X-Retry-In: 100ms", Date] },
        { "Varnish vsthrottle", 429, 5, "", ["Retry-After: 5", Date] },
        {
            "GitHub", 403, 600, "Calls 0 of 60 for 600",
            ["x-ratelimit-limit: 60", "x-ratelimit-remaining: 0", "x-ratelimit-used: 60", "x-ratelimit-resource: core", "x-ratelimit-reset: 1796056031", Date]
        },
        { "GitHub, secondary limit", 403, 60, "Calls 4990 of 5000 for 3600", ["retry-after: 60", "x-ratelimit-limit: 5000", "x-ratelimit-remaining: 4990", "x-ratelimit-reset: 1796059031", Date] },
        {
            "OpenAI", 429, 0.02, "Calls 4999 of 5000 for 0.012; Tokens 0 of 160000 for 0.02",
            [
                "retry-after: 1", "retry-after-ms: 20", "x-ratelimit-limit-requests: 5000", "x-ratelimit-remaining-requests: 4999", "x-ratelimit-reset-requests: 12ms",
                "x-ratelimit-limit-tokens: 160000", "x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 20ms", Date,
            ]
        },
        { "Azure OpenAI", 429, 0.02, "", ["Retry-After: 1", "retry-after-ms: 20", "x-ms-retry-after-ms: 20", Date] },
        {
            "Anthropic", 200, null, "Calls 999 of 1000 for 1; InputTokens 79000 of 80000 for 2; OutputTokens 16000 of 16000 for 3; Tokens 95000 of 96000 for 2",
            [
                Date, "anthropic-ratelimit-input-tokens-limit: 80000", "anthropic-ratelimit-input-tokens-remaining: 79000", "anthropic-ratelimit-input-tokens-reset: 2026-11-30T16:17:13Z",
                "anthropic-ratelimit-output-tokens-limit: 16000", "anthropic-ratelimit-output-tokens-remaining: 16000", "anthropic-ratelimit-output-tokens-reset: 2026-11-30T16:17:14Z",
                "anthropic-ratelimit-requests-limit: 1000", "anthropic-ratelimit-requests-remaining: 999", "anthropic-ratelimit-requests-reset: 2026-11-30T16:17:11Z",
                "anthropic-ratelimit-tokens-limit: 96000", "anthropic-ratelimit-tokens-remaining: 95000", "anthropic-ratelimit-tokens-reset: 2026-11-30T16:17:13Z",
            ]
        },
        { "Anthropic, overloaded", 529, null, "", ["x-should-retry: true", Date] },
        {
            "Cerebras", 200, null, "Calls 14399 of 14400 for 33011.25; Tokens 59990 of 60000 for 11.5",
            [
                Date, "x-ratelimit-limit-requests-day: 14400", "x-ratelimit-limit-tokens-minute: 60000", "x-ratelimit-remaining-requests-day: 14399",
                "x-ratelimit-remaining-tokens-minute: 59990", "x-ratelimit-reset-requests-day: 33011.25", "x-ratelimit-reset-tokens-minute: 11.5",
            ]
        },
        {
            "Discord", 429, 1.25, "Calls 0 of 5 for 1.25",
            ["Retry-After: 1.25", "X-RateLimit-Limit: 5", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1796055432.6", "X-RateLimit-Reset-After: 1.25", "X-RateLimit-Bucket: abcd1234", Date]
        },
        { "Shopify", 429, 2, "Calls 0 of ? for 1", ["Retry-After: 2.0", "X-Shopify-Shop-Api-Call-Limit: 40/40", Date] },
        { "Reddit", 200, null, "Calls 96 of ? for 298", ["x-ratelimit-used: 4", "x-ratelimit-remaining: 96.0", "x-ratelimit-reset: 298", Date] },
        { "Envoy", 429, 3, "Calls 0 of 10 for 3", ["x-ratelimit-limit: 10, 10;w=60", "x-ratelimit-remaining: 0", "x-ratelimit-reset: 3", Date] },
        { "Spring Cloud Gateway", 403, null, "", ["X-RateLimit-Remaining: 0", "X-RateLimit-Burst-Capacity: 10", "X-RateLimit-Replenish-Rate: 10", "X-RateLimit-Requested-Tokens: 1", Date] },
        { "the last second of a window, cut", 503, null, "", ["RateLimit-Limit: 10", "RateLimit-Remaining: 0", "RateLimit-Reset: 0", Date] },
        { "a window that is over by its own clock", 403, null, "", ["X-RateLimit-Limit: 10", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268700", Date] },
        { "the draft, without a time", 403, null, "", ["RateLimit: \"default\";r=0", Date] },
        { "the draft, cut", 503, null, "", ["RateLimit: \"default\";r=0;t=0", Date] },
        { "two windows, no time", 403, null, "", ["X-RateLimit-Limit: 10, 100", "X-RateLimit-Remaining: 0, 90", Date] },
        { "in words", 403, 3, "", ["Retry-After: 3 seconds", Date] },
        { "in large letters", 403, 3, "", ["Retry-After: 3S", Date] },
        { "a wait that nobody can read", 403, null, "", ["Retry-After: in a moment", Date] },
        { "nothing left, in good time", 200, null, "", ["X-RateLimit-Remaining: 0", Date] },
        { "Kong", 429, 7, "Calls 0 of 5 for 7", ["X-RateLimit-Limit-Minute: 5", "X-RateLimit-Remaining-Minute: 0", "RateLimit-Limit: 5", "RateLimit-Remaining: 0", "RateLimit-Reset: 7", "Retry-After: 7", Date] },
    };

    [Theory]
    [InlineData("X-RateLimit-Remaining: 5")]
    [InlineData("X-RateLimit-Limit: 1", "X-RateLimit-Remaining: 0")] // so it is after every call
    [InlineData("Retry-After: ")]
    [InlineData("Retry-After: soon", "X-RateLimit-Remaining: 5", "X-RateLimit-Reset: 30")]
    public void An_error_beside_calls_that_are_left_is_no_refusal(params string[] headers)
    {
        using var response = With(headers);
        Assert.False(new CallResult.Responded(403, ContentType: null, Body: default, RateHeaders.Read(response.Headers, new ServerClock(TimeProvider.System))).IsRefusal);
    }

    [Fact]
    public void A_window_that_has_ended_while_the_body_came_was_spent_all_the_same()
    {
        using var response = With("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1");
        var hint = RateHeaders.Read(response.Headers, new ServerClock(TimeProvider.System)).After(TimeSpan.FromSeconds(2));

        Assert.Null(hint.Budgets);
        Assert.Null(hint.Pause);
        Assert.True(hint.SaysNotNow);
    }

    private static HttpResponseMessage With(params string[] headers)
    {
        var response = new HttpResponseMessage();
        foreach (var header in headers)
            response.Headers.TryAddWithoutValidation(header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
        return response;
    }

    [Theory]
    [MemberData(nameof(Responses))]
    public void It_is_read(string limiter, int status, double? pause, string budgets, string[] headers)
    {
        using var response = With(headers);
        var own = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(Second - 600)); // ours is ten minutes late

        var hint = RateHeaders.Read(response.Headers, new ServerClock(own));

        var isRefusal = new CallResult.Responded(status, ContentType: null, Body: default, hint).IsRefusal;
        Assert.True(isRefusal == (status != 200), limiter);
        if (isRefusal)
            Assert.Equal(pause, hint.Pause?.TotalSeconds);
        Assert.Equal(budgets, string.Join("; ", (hint.Budgets ?? []).OrderBy(budget => $"{budget.Unit}").Select(budget => $"{budget.Unit} {budget.Remaining} of {budget.Limit?.ToString() ?? "?"} for {budget.Reset.TotalSeconds}")));
    }
}
