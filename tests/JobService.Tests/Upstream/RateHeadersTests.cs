using System.Globalization;
using CsCheck;
using JobService.Jobs;
using JobService.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Upstream;

public sealed class RateHeadersTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private const long NowEpoch = 1_767_268_800;

    /// <summary>Names of which a text of chance makes a header that is read.</summary>
    private static readonly string[] Names =
    [
        "Retry-After", "RateLimit", "RateLimit-Policy", "RateLimit-Remaining", "RateLimit-Reset", "X-RateLimit-Remaining", "X-RateLimit-Reset",
        "X-RateLimit-Reset-After", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens", "X-Shopify-Shop-Api-Call-Limit", "Date", "retry-after-ms", "X-Retry-In", "X-RateLimit-UserRemaining", "X-RateLimit-UserReset",
    ];

    [Theory]
    // draft-ietf-httpapi-ratelimit-headers, 08 and later
    [InlineData(50, 30, """RateLimit: "default";r=50;t=30""")]
    [InlineData(50, 30, """RateLimit: "default";r=50;t=30""", """RateLimit-Policy: "default";q=100;w=60""")]
    [InlineData(0, 30, """ratelimit: "p";t=30;r=0""")]
    [InlineData(7, 30, """RateLimit: "p";r=7;t=30;pk=:cHsdsRa894==:""")]
    [InlineData(7, 30, """RateLimit: default;r=7;t=30""")]
    [InlineData(8, 30, """RateLimit:  "p" ; r=7; t=30  """, "X-Odd: the space before the semicolon breaks the grammar", "RateLimit-Remaining: 8", "RateLimit-Reset: 30")]
    [InlineData(3, 9, """RateLimit: "say \"hi\", all";r=3;t=9""")]
    [InlineData(1, 5, """RateLimit: "hour";r=900;t=3000, "second";r=1;t=5""")]
    [InlineData(0, 3000, """RateLimit: "hour";r=0;t=3000,"second";r=0;t=5""")]
    [InlineData(0, 60, """RateLimit: "p";r=0""", """RateLimit-Policy: "o";q=1;w=5, "p";q=100;w=60""")]
    [InlineData(4, 2, """RateLimit: "p";r=9;r=4;t=2""")]
    [InlineData(1, 5, """RateLimit: "hour";r=900;t=3000""", """RateLimit: "second";r=1;t=5""")]
    // 07: one dictionary
    [InlineData(50, 30, "RateLimit: limit=100, remaining=50, reset=30")]
    [InlineData(0, 5, "RateLimit: limit=100;w=60, reset=5, remaining=0")]
    // up to 06, and what everybody made of it
    [InlineData(5, 10, "RateLimit-Limit: 100", "RateLimit-Remaining: 5", "RateLimit-Reset: 10")]
    [InlineData(5, 10, "X-RateLimit-Limit: 100", "X-RateLimit-Remaining: 5", "X-RateLimit-Reset: 10")]
    [InlineData(5, 10, "X-Rate-Limit-Remaining: 5", "X-Rate-Limit-Reset: 10")]
    [InlineData(0, 0.25, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 0.25")]
    [InlineData(4, 10, "X-RateLimit-Remaining: 4.9", "X-RateLimit-Reset: 10")]
    [InlineData(2, 60, "X-RateLimit-Remaining: 10, 2", "X-RateLimit-Reset: 1, 60")]
    [InlineData(0, 60, "X-RateLimit-Remaining: 0", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1", "X-RateLimit-Reset: 60")]
    // GitHub: epoch seconds; others: milliseconds, dates
    [InlineData(4999, 600, "x-ratelimit-limit: 5000", "x-ratelimit-remaining: 4999", "x-ratelimit-reset: 1767269400", "x-ratelimit-resource: core")]
    [InlineData(0, 1.5, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268801.5")]
    [InlineData(0, 1.5, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268801500")]
    [InlineData(0, 30, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: Thu, 01 Jan 2026 12:00:30 GMT")]
    [InlineData(0, 30, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 2026-01-01T12:00:30Z")]
    [InlineData(0, 30, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 2026-01-01T14:00:30.000+02:00")]
    // Discord
    [InlineData(0, 1.25, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268890.1", "X-RateLimit-Reset-After: 1.25")]
    // OpenAI
    [InlineData(59, 360, "x-ratelimit-remaining-requests: 59", "x-ratelimit-reset-requests: 6m0s")]
    [InlineData(0, 1, "x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 1s")]
    [InlineData(0, 0.02, "x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 20ms")]
    [InlineData(0, 3723.5, "x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 1h2m3.5s")]
    // Anthropic
    [InlineData(49, 60, "anthropic-ratelimit-requests-remaining: 49", "anthropic-ratelimit-requests-reset: 2026-01-01T12:01:00Z")]
    // Shopify
    [InlineData(0, 1, "X-Shopify-Shop-Api-Call-Limit: 40/40")]
    [InlineData(0, 1, "X-Shopify-Shop-Api-Call-Limit: 41/40")]
    [InlineData(1, 1, "X-Shopify-Shop-Api-Call-Limit: 39/40")]
    // Cerebras, Imgur, hapi-rate-limit, @nestjs/throttler with named throttlers
    [InlineData(29, 60, "x-ratelimit-limit-requests-minute: 30", "x-ratelimit-remaining-requests-minute: 29", "x-ratelimit-reset-requests-minute: 60.0")]
    [InlineData(499, 600, "X-RateLimit-UserLimit: 500", "X-RateLimit-UserRemaining: 499", "X-RateLimit-UserReset: 1767269400", "X-RateLimit-ClientRemaining: 12499")]
    [InlineData(3, 0.25, "X-RateLimit-UserRemaining: 3", "X-RateLimit-UserReset: 1767268800250", "X-RateLimit-PathRemaining: 9", "X-RateLimit-PathReset: 1767268809000")]
    [InlineData(2, 9, "X-RateLimit-UserPathLimit: 10", "X-RateLimit-UserPathRemaining: 2", "X-RateLimit-UserPathReset: 1767268809000")]
    [InlineData(2, 1, "X-RateLimit-Limit-short: 3", "X-RateLimit-Remaining-short: 2", "X-RateLimit-Reset-short: 1", "X-RateLimit-Remaining-long: 98", "X-RateLimit-Reset-long: 60")]
    // overdrawn
    [InlineData(0, 10, "X-RateLimit-Remaining: -1", "X-RateLimit-Reset: 10")]
    [InlineData(0, 5, """RateLimit: "p";r=-5;t=5""")]
    // cut to whole seconds, and begun: about over
    [InlineData(0, 1, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268800")]
    [InlineData(0, 1, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: Thu, 01 Jan 2026 12:00:00 GMT")]
    // rate-limiter-flexible's documentation: a Date as a value
    [InlineData(0, 30, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: Thu Jan 01 2026 13:00:30 GMT+0100 (Central European Standard Time)")]
    // doubled on the way
    [InlineData(5, 10, "X-RateLimit-Remaining: 5, 5", "X-RateLimit-Reset: 10")]
    [InlineData(5, 10, "X-RateLimit-Remaining: 5", "X-RateLimit-Remaining: 5", "X-RateLimit-Reset: 10", "X-RateLimit-Reset: 10")]
    // several at once: the most restrictive
    [InlineData(1, 20, "X-RateLimit-Remaining: 9", "X-RateLimit-Reset: 10", "RateLimit: \"p\";r=1;t=20")]
    // never more than a day
    [InlineData(0, 86_400, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 86401")]
    [InlineData(0, 86_400, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 999999999")]
    [InlineData(0, 86_400, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 99999999999")]
    [InlineData(0, 86_400, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 99999999999999999999999999999999999999")]
    [InlineData(0, 86_400, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: Fri, 31 Dec 9999 23:59:59 GMT")]
    [InlineData(0, 86_400, "x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 99999h")]
    [InlineData(0, 86_400, """RateLimit: "p";r=0;t=999999999999999""")]
    // and never more calls than anybody means
    [InlineData(1_000_000_000, 10, "X-RateLimit-Remaining: 99999999999999999999", "X-RateLimit-Reset: 10")]
    public void It_reads_what_is_left_and_until_when(int remaining, double seconds, params string[] headers) =>
        Assert.Equal([(BudgetUnit.Calls, remaining, TimeSpan.FromSeconds(seconds))], Read(headers).Budgets!.Select(told => (told.Unit, told.Remaining, told.Reset)));

    [Theory]
    [InlineData("Content-Type: text/plain")]
    [InlineData("X-RateLimit-Remaining: 5")]
    [InlineData("X-RateLimit-Reset: 5")]
    [InlineData("X-RateLimit-Remaining-Foo: 0", "X-RateLimit-Reset: 5")]
    [InlineData("X-RateLimit-Limit: 5", "X-RateLimit-Reset: 5")]
    [InlineData("X-RateLimit-Limit: -1", "X-RateLimit-Remaining: -1", "X-RateLimit-Reset: 10")]
    [InlineData("X-RateLimit-Remaining: -", "X-RateLimit-Reset: 10")]
    [InlineData("X-RateLimit-Remaining: -NaN", "X-RateLimit-Reset: 10")]
    [InlineData("X-RateLimit-Remaining: NaN", "X-RateLimit-Reset: 10")]
    [InlineData("X-RateLimit-Remaining: Infinity", "X-RateLimit-Reset: 10")]
    [InlineData("X-RateLimit-Remaining: 1e3", "X-RateLimit-Reset: 10")]
    [InlineData("X-RateLimit-Remaining: unlimited", "X-RateLimit-Reset: 10")]
    [InlineData("X-RateLimit-Remaining: 1, 2", "X-RateLimit-Reset: 10")]
    [InlineData("X-RateLimit-Remaining: ", "X-RateLimit-Reset: 10")]
    [InlineData("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: ")]
    [InlineData("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: soon")]
    [InlineData("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: -10")]
    [InlineData("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: NaN")]
    [InlineData("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 0")]
    [InlineData("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268799000")]
    [InlineData("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: Thu, 01 Jan 2026 11:59:59 GMT")]
    [InlineData("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 2026-01-01T11:59:59Z")]
    [InlineData("x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 5s1m")]
    [InlineData("x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 1s1s")]
    [InlineData("x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 5 parsecs")]
    [InlineData("x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: s")]
    [InlineData("x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 1.2.3s")]
    [InlineData("X-Shopify-Shop-Api-Call-Limit: 0/0")]
    [InlineData("X-Shopify-Shop-Api-Call-Limit: 40")]
    [InlineData("X-Shopify-Shop-Api-Call-Limit: 40/40/40")]
    [InlineData("RateLimit: 5")]
    [InlineData("""RateLimit: "p" """)]
    [InlineData("""RateLimit: "p";r=5""")]
    [InlineData("""RateLimit: "p";t=5""")]
    [InlineData("""RateLimit: "p";r=5;t=-5""")]
    [InlineData("""RateLimit: "p";r=5;t=0""")]
    [InlineData("""RateLimit: "p";r="5";t=5""")]
    [InlineData("""RateLimit: "p;r=5;t=5""")]
    [InlineData("""RateLimit: "p";r=5;t=5,""")]
    [InlineData("""RateLimit: "p";r=5;t=5 "q";r=6""")]
    [InlineData("""RateLimit: "p";r=5;t=5;=""")]
    [InlineData("""RateLimit: ("p");r=5;t=5""")]
    [InlineData("RateLimit: remaining=5")]
    [InlineData("RateLimit: remaining=5, reset=-1")]
    [InlineData("""RateLimit: "p";r=0""", """RateLimit-Policy: "q";q=100;w=60""")]
    public void What_it_cannot_read_or_what_is_over_says_nothing(params string[] headers) => Assert.Null(Read(headers).Budgets);

    [Fact]
    public void Each_unit_has_a_budget_of_its_own()
    {
        Assert.Equal(
            [
                new RateBudget(BudgetUnit.Calls, 59, TimeSpan.FromSeconds(1), Limit: 60),
                new RateBudget(BudgetUnit.Tokens, 149_984, TimeSpan.FromMilliseconds(6), Limit: 150_000) { IsExact = true },
            ],
            Read(
                "x-ratelimit-limit-requests: 60", "x-ratelimit-remaining-requests: 59", "x-ratelimit-reset-requests: 1s",
                "x-ratelimit-limit-tokens: 150000", "x-ratelimit-remaining-tokens: 149984", "x-ratelimit-reset-tokens: 6ms").Budgets!);
        Assert.Equal(
            [
                new RateBudget(BudgetUnit.Calls, 49, TimeSpan.FromSeconds(60), Limit: 50),
                new RateBudget(BudgetUnit.Tokens, 38_000, TimeSpan.FromSeconds(50)),
                new RateBudget(BudgetUnit.InputTokens, 30_000, TimeSpan.FromSeconds(40)),
                new RateBudget(BudgetUnit.OutputTokens, 8_000, TimeSpan.FromSeconds(30), Limit: 10_000),
            ],
            Read(
                "anthropic-ratelimit-requests-limit: 50", "anthropic-ratelimit-requests-remaining: 49", "anthropic-ratelimit-requests-reset: 2026-01-01T12:01:00Z",
                "anthropic-ratelimit-tokens-remaining: 38000", "anthropic-ratelimit-tokens-reset: 2026-01-01T12:00:50Z",
                "anthropic-ratelimit-input-tokens-remaining: 30000", "anthropic-ratelimit-input-tokens-reset: 2026-01-01T12:00:40Z",
                "anthropic-ratelimit-output-tokens-limit: 10000", "anthropic-ratelimit-output-tokens-remaining: 8000",
                "anthropic-ratelimit-output-tokens-reset: 2026-01-01T12:00:30Z").Budgets!);
    }

    [Theory]
    [InlineData(100, "RateLimit-Limit: 100", "RateLimit-Remaining: 5", "RateLimit-Reset: 10")]
    [InlineData(100, "RateLimit-Limit: 100, 100;w=60", "RateLimit-Remaining: 5", "RateLimit-Reset: 10")]
    [InlineData(100, """RateLimit: "p";r=5;t=10""", """RateLimit-Policy: "o";q=7;w=1, "p";q=100;w=60""")]
    [InlineData(100, "RateLimit: limit=100, remaining=5, reset=10")]
    [InlineData(100, "X-RateLimit-UserLimit: 100", "X-RateLimit-UserRemaining: 5", "X-RateLimit-UserReset: 10")]
    [InlineData(null, "X-RateLimit-Limit: many", "X-RateLimit-Remaining: 5", "X-RateLimit-Reset: 10")]
    [InlineData(null, "X-RateLimit-Limit: 100, 1000", "X-RateLimit-Remaining: 5, 50", "X-RateLimit-Reset: 10, 60")]
    [InlineData(null, "X-Shopify-Shop-Api-Call-Limit: 39/40")]
    public void What_a_whole_window_allows_is_read_beside_it(int? limit, params string[] headers) => Assert.Equal(limit, Assert.Single(Read(headers).Budgets!).Limit);

    [Theory]
    [InlineData(0.9, "Retry-After: 0.9", "X-RateLimit-Reset: 1767268802")]
    [InlineData(1, "Retry-After: 0", "X-RateLimit-Reset: 1767268802")]
    [InlineData(3, "Retry-After: 2", "X-RateLimit-Reset: 1767268804")]
    [InlineData(2, "Retry-After: 2", "X-RateLimit-Reset: 2")]
    [InlineData(2.5, "Retry-After: 2", "X-RateLimit-Reset: 2.5")]
    [InlineData(5, "Retry-After: 2", "X-RateLimit-Reset: 1767268805")] // another window
    [InlineData(1, "Retry-After: 60", "X-RateLimit-Reset: 1767268801")]
    public void A_window_whose_end_is_told_twice_is_over_at_the_better_one(double seconds, params string[] headers) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.Single(Read([.. headers, "X-RateLimit-Remaining: 0"]).Budgets!).Reset);

    [Theory]
    [InlineData(true, "x-should-retry: true")]
    [InlineData(false, "X-Should-Retry: false")]
    [InlineData(null, "x-should-retry: maybe")]
    [InlineData(null, "Retry-After: 1")]
    public void Whether_to_retry_is_read(bool? expected, string header) => Assert.Equal(expected, Read(header).ShouldRetry);

    [Theory]
    [InlineData(30.0, "Retry-After: 30", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 60")]
    [InlineData(1.0, "Retry-After: 0", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1")] // koa-ratelimit, Flask-Limiter: cut
    [InlineData(4.9, "Retry-After: 4", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268804900")]
    [InlineData(5.0, "Retry-After: 5", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268804900")]
    [InlineData(4.0, "Retry-After: 4", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268804")] // may be rounded up itself
    [InlineData(0.9, "Retry-After: 0.9", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767268801500")]
    [InlineData(60.0, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 60", "x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 1s")]
    [InlineData(null, "Retry-After: 0")]
    [InlineData(null, "Retry-After: 0", "X-RateLimit-Remaining: 1", "X-RateLimit-Reset: 1")]
    public void A_refusal_waits_for_the_better_statement(double? seconds, params string[] headers) =>
        Assert.Equal(seconds is { } wait ? TimeSpan.FromSeconds(wait) : null, Read(headers).Pause);

    [Fact]
    public void What_was_told_before_the_body_is_shorter_behind_it()
    {
        var told = Read("Retry-After: 5", "X-RateLimit-Remaining: 3", "X-RateLimit-Reset: 9", "x-ratelimit-remaining-tokens: 7", "x-ratelimit-reset-tokens: 6s");

        var later = told.After(TimeSpan.FromSeconds(7));

        Assert.Equal(TimeSpan.FromTicks(1), later.RetryAfter);
        Assert.Equal([new RateBudget(BudgetUnit.Calls, 3, TimeSpan.FromSeconds(2))], later.Budgets!);
        Assert.Null(told.After(TimeSpan.FromSeconds(9)).Budgets);
    }

    [Fact]
    public void The_clock_of_the_API_is_known_better_with_each_response_and_never_too_early()
    {
        // Ours is ten minutes behind. Its responses come at other fractions of a second each; a window ends at 12:10:09.25.
        var time = new FakeTimeProvider(Now);
        var server = new ServerClock(time);
        var end = Now.AddMinutes(10).AddSeconds(9.25);
        TimeSpan? late = null;
        foreach (var milliseconds in (int[])[300, 1_250, 970, 1_380])
        {
            time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            var sent = time.GetUtcNow().AddMinutes(10);

            using var response = new HttpResponseMessage();
            response.Headers.TryAddWithoutValidation("Date", sent.ToString("r", CultureInfo.InvariantCulture));
            response.Headers.TryAddWithoutValidation("X-RateLimit-Remaining", "0");
            response.Headers.TryAddWithoutValidation("X-RateLimit-Reset", $"{end.ToUnixTimeMilliseconds()}");
            late = RateHeaders.Read(response.Headers, server).Budgets![0].Reset - (end - sent);

            Assert.InRange(late.Value, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        }

        Assert.InRange(late!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(300));
    }

    [Fact]
    public void A_clock_of_the_API_that_was_set_back_or_drifts_is_followed()
    {
        var time = new FakeTimeProvider(Now);
        var server = new ServerClock(time);
        Assert.Equal(Now.AddHours(1), At(Now.AddHours(1)));

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Now.AddSeconds(1), At(Now.AddSeconds(1))); // set back by an hour

        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(Now.AddSeconds(179), At(Now.AddSeconds(179))); // two seconds slower: what was known is forgotten

        DateTimeOffset At(DateTimeOffset date)
        {
            using var response = new HttpResponseMessage();
            response.Headers.TryAddWithoutValidation("Date", date.ToString("r", CultureInfo.InvariantCulture));
            return server.At(response.Headers).Now;
        }
    }

    [Fact]
    public void The_wait_is_read_beside_the_budget()
    {
        var hint = Read("Retry-After: 1.5", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 9");

        Assert.Equal(TimeSpan.FromSeconds(1.5), hint.RetryAfter);
        Assert.Equal([new RateBudget(BudgetUnit.Calls, 0, TimeSpan.FromSeconds(9))], hint.Budgets!);
    }

    [Fact]
    public void Nothing_it_is_given_makes_it_throw_or_leave_its_bounds()
    {
        // Half of the texts are made of what the grammars are made of, so that they come far.
        var piece = Gen.OneOf(
            "\"p\"", ";", "=", ",", "r", "t", "w", "limit", "remaining", "reset", "0", "5", "60", "1767268900", "1e9", "-1", ".", ":", "?1", "(", ")", "@", "%",
            "\\", " ", "\t", "m", "s", "ms", "/", "NaN", "2026-01-01T12:00:30Z");
        var text = Gen.OneOf(
            piece.Array[0, 12].Select(string.Concat),
            Gen.String[0, 40],
            Gen.Double.Select(number => number.ToString(CultureInfo.InvariantCulture)),
            Gen.Long.Select(number => number.ToString(CultureInfo.InvariantCulture)));

        Gen.Select(Gen.OneOf(Names), text).Array[1, 8].Sample(
            headers =>
            {
                var hint = Read(headers);
                var wait = hint.RetryAfter ?? TimeSpan.Zero;
                return wait >= TimeSpan.Zero && wait <= TimeSpan.FromDays(1) && (hint.Budgets ?? []).All(IsWithinBounds);
            },
            iter: 20_000);
    }

    private static bool IsWithinBounds(RateBudget budget) =>
        budget.Remaining is >= 0 and <= 1_000_000_000 && budget.Limit is null or (>= 0 and <= 1_000_000_000) && budget.Reset > TimeSpan.Zero && budget.Reset <= TimeSpan.FromDays(1);

    [Fact]
    public void An_answer_without_hints_is_looked_through_for_nothing()
    {
        using var answer = new HttpResponseMessage();
        foreach (var (name, value) in new[] { ("Date", "Thu, 01 Jan 2026 12:00:00 GMT"), ("Server", "api"), ("X-Request-Id", "7"), ("ETag", "\"7\"") })
            answer.Headers.TryAddWithoutValidation(name, value);
        var server = new ServerClock(new FakeTimeProvider(Now));
        RateHeaders.Read(answer.Headers, server);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var call = 0; call < 1_000; call++)
            RateHeaders.Read(answer.Headers, server);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_epoch_of_these_tests_is_their_now() => Assert.Equal(NowEpoch, Now.ToUnixTimeSeconds());

    private static RateHint Read(params string[] headers) =>
        Read([.. headers.Select(header => (header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..]))]);

    private static RateHint Read((string Name, string Value)[] headers)
    {
        using var answer = new HttpResponseMessage();
        foreach (var (name, value) in headers)
            answer.Headers.TryAddWithoutValidation(name, value);
        return RateHeaders.Read(answer.Headers, new ServerClock(new FakeTimeProvider(Now)));
    }
}
