using JobService.Jobs;
using JobService.Ledger;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

public sealed class ApiTargetsTests : IAsyncDisposable
{
    private readonly ApiTargets targets = new(
        TimeProvider.System,
        () => 0.5,
        Options.Create(new UpstreamOptions { AllowPrivateNetworks = true }),
        new ConfigurationBuilder().Build(),
        NullLoggerFactory.Instance,
        new Dialer(new UpstreamOptions { AllowPrivateNetworks = true }, TimeProvider.System));

    public ValueTask DisposeAsync() => targets.DisposeAsync();

    [Fact]
    public async Task Each_queue_has_the_target_of_its_definition()
    {
        await using var server = new RawTcpApi(Respond(200, "from the wire"));

        var simulated = await targets.For(Queue(1, new SimulatedTarget(), "a")).RespondedAsync();
        var http = await targets.For(Queue(1, Http(server), "b")).RespondedAsync();

        Assert.Contains("echo", simulated.Text(), StringComparison.Ordinal);
        Assert.Equal("from the wire", http.Text());
    }

    [Fact]
    public async Task A_pause_keeps_the_connections()
    {
        await using var server = new RawTcpApi(Respond());

        await targets.For(Queue(1, Http(server))).RespondedAsync();
        await targets.For(Queue(2, Http(server)) with { Paused = true }).RespondedAsync();
        await targets.For(Queue(3, Http(server))).RespondedAsync();

        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task A_new_definition_is_called_from_the_next_job_on()
    {
        await using var before = new RawTcpApi(Respond());
        await using var after = new RawTcpApi(Respond());

        await targets.For(Queue(1, Http(before))).RespondedAsync();
        await targets.For(Queue(2, Http(after))).RespondedAsync();

        Assert.Single(before.Requests);
        Assert.Single(after.Requests);
        await before.ClientGone;
    }

    [Fact]
    public async Task A_header_that_changed_is_a_new_definition()
    {
        await using var server = new RawTcpApi(Respond());

        await targets.For(Queue(1, Http(server, "one"))).RespondedAsync();
        await targets.For(Queue(2, Http(server, "two"))).RespondedAsync();

        Assert.Equal(["one", "two"], server.Requests.Select(request => request.Header("X-A").Single()));
    }

    [Fact]
    public async Task A_job_claimed_before_the_change_goes_to_the_new_target_and_does_not_bring_the_old_one_back()
    {
        await using var before = new RawTcpApi(Respond());
        await using var after = new RawTcpApi(Respond());
        await targets.For(Queue(2, Http(after))).RespondedAsync();

        await targets.For(Queue(1, Http(before))).RespondedAsync();

        Assert.Empty(before.Requests);
        Assert.Equal(1, after.ConnectionCount);
    }

    [Fact]
    public async Task A_call_that_runs_while_its_target_is_replaced_ends_well()
    {
        var goOn = new TaskCompletionSource();
        await using var server = new RawTcpApi(async (connection, stop) =>
        {
            await goOn.Task.WaitAsync(stop);
            await Respond()(connection, stop);
        });

        var call = targets.For(Queue(1, Http(server))).CallAsync();
        await server.FirstRequest;
        targets.For(Queue(2, new SimulatedTarget()));
        goOn.SetResult();

        Assert.Equal(200, Assert.IsType<CallResult.Responded>(await call).Status);
        await server.ClientGone;
    }

    [Fact]
    public async Task A_target_held_over_its_replacement_starts_no_more_calls()
    {
        await using var server = new RawTcpApi(Respond());
        var held = targets.For(Queue(1, Http(server)));

        targets.For(Queue(2, new SimulatedTarget()));

        Assert.IsType<CallResult.NotStarted>(await held.CallAsync());
    }

    [Fact]
    public async Task Replacing_targets_under_load_breaks_no_call()
    {
        var revision = 0L;
        await Parallel.ForEachAsync(Enumerable.Range(0, 4_000), Calls.Cancel, async (number, _) =>
        {
            var mine = number % 10 == 0 ? Interlocked.Increment(ref revision) : Volatile.Read(ref revision);
            var response = await targets.For(Queue(mine, new SimulatedTarget { Limit = new() { Permits = 1_000_000, PeriodSeconds = mine + 1 } })).CallAsync();
            Assert.True(response is CallResult.Responded { Status: 200 } or CallResult.NotStarted);
        });
    }

    private static HttpTarget Http(RawTcpApi server, string header = "x") =>
        new() { BaseAddress = server.Address, Headers = new Dictionary<string, HeaderValue> { ["X-A"] = new HeaderValue.Text(header) } };

    private static QueueEntry Queue(long revision, TargetDefinition target, string name = "q") =>
        new(name, new QueueDefinition { Target = target }, Paused: false, revision, FromConfiguration: false);
}
