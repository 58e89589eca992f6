using JobService.Jobs;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Time.Testing;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

public sealed class CircuitTests
{
    private const int CallsToBreak = 20;

    private readonly FakeTimeProvider time = new();
    private WireReply reply = Respond(500);

    [Fact]
    public async Task A_failing_API_gets_no_calls_for_a_while_and_the_slot_is_not_asked_for()
    {
        await using var server = new RawTcpApi(_ => reply);
        await using var api = Calls.Http(server.Address, time: time);
        await BreakAsync(api);

        time.Advance(TimeSpan.FromSeconds(2));
        var response = await api.CallAsync(Calls.Of(), () => throw new InvalidOperationException("asked"), Calls.Cancel);

        Assert.Equal(new CallResult.CircuitOpen(TimeSpan.FromSeconds(3)), response);
        Assert.Equal(CallsToBreak, server.Requests.Count);
    }

    [Fact]
    public async Task A_good_answer_after_the_break_closes_it()
    {
        await using var server = new RawTcpApi(_ => reply);
        await using var api = Calls.Http(server.Address, time: time);
        await BreakAsync(api);

        time.Advance(TimeSpan.FromSeconds(5));
        reply = Respond();

        Assert.Equal(200, (await api.RespondedAsync()).Status);
        Assert.Equal(200, (await api.RespondedAsync()).Status);
    }

    [Fact]
    public async Task The_break_rises_while_the_API_goes_on_failing_up_to_a_minute()
    {
        await using var server = new RawTcpApi(_ => reply);
        await using var api = Calls.Http(server.Address, time: time);
        await BreakAsync(api);

        var breaks = new List<double>();
        for (var probe = 0; probe < 6; probe++)
        {
            var open = Assert.IsType<CallResult.CircuitOpen>(await api.CallAsync());
            breaks.Add(open.Wait.TotalSeconds);
            time.Advance(open.Wait);
            await api.RespondedAsync();
        }

        Assert.Equal([5, 10, 20, 40, 60, 60], breaks);
    }

    [Fact]
    public async Task While_one_call_probes_the_others_wait_for_it()
    {
        await using var server = new RawTcpApi(_ => reply);
        await using var api = Calls.Http(server.Address, time: time);
        await BreakAsync(api);
        time.Advance(TimeSpan.FromSeconds(5));
        reply = Silence();
        using var abandon = new CancellationTokenSource();

        var probe = api.CallAsync(Calls.Of(), () => true, abandon.Token);
        var other = await api.CallAsync();
        await abandon.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probe);

        Assert.Equal(new CallResult.CircuitOpen(TimeSpan.FromSeconds(1)), other);
    }

    [Fact]
    public async Task A_probe_that_brings_no_answer_does_not_close_it()
    {
        await using var server = new RawTcpApi(_ => reply);
        await using var api = Calls.Http(server.Address, time: time);
        await BreakAsync(api);
        time.Advance(TimeSpan.FromSeconds(5));

        Assert.IsType<CallResult.NotStarted>(await api.CallAsync(Calls.Of(), () => false, Calls.Cancel));

        Assert.IsType<CallResult.CircuitOpen>(await api.CallAsync());
    }

    [Fact]
    public async Task Broken_connections_count()
    {
        reply = Reset();
        await using var server = new RawTcpApi(_ => reply);
        await using var api = Calls.Http(server.Address, time: time);

        for (var call = 0; call < CallsToBreak; call++)
            await api.BrokenAsync();

        Assert.IsType<CallResult.CircuitOpen>(await api.CallAsync());
    }

    [Theory]
    [InlineData(200)]
    [InlineData(301)]
    [InlineData(404)]
    [InlineData(408)]
    [InlineData(425)]
    [InlineData(429)]
    [InlineData(529)]
    [InlineData(503, "Retry-After: 1")]
    [InlineData(503, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1")]
    public async Task An_API_that_answers_is_not_broken(int status, params string[] headers)
    {
        await using var server = new RawTcpApi(Respond(status, "", headers));
        await using var api = Calls.Http(server.Address, time: time);

        for (var call = 0; call < 2 * CallsToBreak; call++)
            Assert.Equal(status, (await api.RespondedAsync()).Status);
    }

    [Fact]
    public async Task What_a_queue_names_as_not_now_does_not_count()
    {
        await using var server = new RawTcpApi(Respond(503));
        await using var api = Calls.Http(server.Address, time: time);

        for (var call = 0; call < 2 * CallsToBreak; call++)
            Assert.True((await api.RespondedAsync(Calls.Of() with { ThrottledBy = [503] })).IsRefusal);
    }

    [Fact]
    public async Task Abandoned_calls_do_not_count()
    {
        reply = Silence();
        await using var server = new RawTcpApi(_ => reply);
        await using var api = Calls.Http(server.Address, time: time);
        using var abandon = new CancellationTokenSource();

        var calls = Enumerable.Range(0, 2 * CallsToBreak).Select(_ => api.CallAsync(Calls.Of(), () => true, abandon.Token)).ToList();
        await abandon.CancelAsync();
        foreach (var call in calls)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        reply = Respond();

        Assert.Equal(200, (await api.RespondedAsync()).Status);
    }

    [Fact]
    public async Task Calls_that_may_not_start_do_not_count()
    {
        await using var api = Calls.Http("http://127.0.0.1:9", time: time);

        for (var call = 0; call < 2 * CallsToBreak; call++)
            Assert.IsType<CallResult.NotStarted>(await api.CallAsync(Calls.Of(), () => false, Calls.Cancel));
    }

    private static async Task BreakAsync(HttpApi api)
    {
        for (var call = 0; call < CallsToBreak; call++)
            Assert.Equal(500, (await api.RespondedAsync()).Status);
    }
}
