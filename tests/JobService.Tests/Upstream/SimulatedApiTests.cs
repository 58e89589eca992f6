using System.Text.Json;
using JobService.Jobs;
using JobService.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Upstream;

public sealed class SimulatedApiTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task It_answers_at_once_with_what_it_was_sent()
    {
        await using var api = new SimulatedApi(new SimulatedTarget(), time, () => 0.5);

        var call = api.CallAsync(Calls.Of() with { Attempt = int.MaxValue }, () => true, Calls.Cancel);

        Assert.True(call.IsCompletedSuccessfully);
        var response = Assert.IsType<CallResult.Responded>(await call);
        Assert.Equal((200, "application/json"), (response.Status, response.ContentType));
        Assert.Equal($$$"""{"jobId":"{{{Calls.Job}}}","attempt":2147483647,"echo":{"n":1}}""", response.Text());
    }

    [Fact]
    public async Task A_job_without_a_payload_is_echoed_as_null()
    {
        await using var api = new SimulatedApi(new SimulatedTarget(), time, () => 0.5);

        var response = await api.RespondedAsync(Calls.Of(payload: ""));

        Assert.Equal(JsonValueKind.Null, JsonDocument.Parse(response.Body).RootElement.GetProperty("echo").ValueKind);
    }

    [Fact]
    public async Task What_may_not_start_takes_no_permit_of_the_limit()
    {
        await using var api = Limited(permits: 1, seconds: 1);

        Assert.IsType<CallResult.NotStarted>(await api.CallAsync(Calls.Of(), () => false, Calls.Cancel));

        Assert.Equal(200, (await api.RespondedAsync()).Status);
    }

    [Fact]
    public async Task Its_limit_counts_calls_in_fixed_windows_and_says_when_the_next_one_begins()
    {
        await using var api = Limited(permits: 3, seconds: 2);
        time.Advance(TimeSpan.FromSeconds(0.5));

        var first = await StatusesAsync(api, 5);
        var refused = await api.RespondedAsync();
        time.Advance(TimeSpan.FromSeconds(1.5));
        var second = await StatusesAsync(api, 4);

        Assert.Equal([200, 200, 200, 429, 429], first);
        Assert.Equal(TimeSpan.FromSeconds(1.5), refused.Hint.RetryAfter);
        Assert.Equal([200, 200, 200, 429], second);
    }

    [Fact]
    public async Task So_many_calls_fail_as_the_rate_says()
    {
        var random = new Random(7);
        await using var api = new SimulatedApi(new SimulatedTarget { FailureRate = 0.2 }, time, random.NextDouble);

        var statuses = await StatusesAsync(api, 10_000);

        Assert.All(statuses, status => Assert.True(status is 200 or 500));
        Assert.InRange(statuses.Count(status => status == 500), 1_850, 2_150);
    }

    [Fact]
    public async Task An_answer_takes_its_latency()
    {
        await using var api = Slow(min: 1, max: 3, chance: 0.5);

        var call = api.CallAsync(Calls.Of(), () => true, Calls.Cancel);
        time.Advance(TimeSpan.FromSeconds(1.999));
        var early = call.IsCompleted;
        time.Advance(TimeSpan.FromSeconds(0.001));

        Assert.False(early);
        Assert.IsType<CallResult.Responded>(await call);
    }

    [Fact]
    public async Task An_answer_that_takes_longer_than_the_call_may_is_a_timeout()
    {
        await using var api = Slow(min: 5, max: 5, chance: 0.5);

        var call = api.CallAsync(Calls.Of(timeout: TimeSpan.FromSeconds(2)), () => true, Calls.Cancel);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal((ErrorTypes.Timeout, true), await call is CallResult.Failed broken ? (broken.Type, broken.MayRetry) : default);
    }

    [Fact]
    public async Task An_abandoned_call_ends_at_once()
    {
        await using var api = Slow(min: 5, max: 5, chance: 0.5);
        using var abandon = new CancellationTokenSource();

        var call = api.CallAsync(Calls.Of(), () => true, abandon.Token);
        await abandon.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    private static async Task<List<int>> StatusesAsync(SimulatedApi api, int calls)
    {
        var statuses = new List<int>();
        for (var call = 0; call < calls; call++)
            statuses.Add((await api.RespondedAsync()).Status);
        return statuses;
    }

    private SimulatedApi Limited(int permits, double seconds) =>
        new(new SimulatedTarget { Limit = new SimulatedLimit { Permits = permits, PeriodSeconds = seconds } }, time, () => 0.5);

    private SimulatedApi Slow(double min, double max, double chance) =>
        new(new SimulatedTarget { LatencySeconds = new LatencyRange { Min = min, Max = max } }, time, () => chance);
}
