using JobService.Dispatch;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Dispatch;

/// <summary>The last look before the send.</summary>
public sealed class StartWindowTests : IAsyncDisposable
{
    private readonly RawTcpApi api = new(WireReplies.Respond());
    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Upstream:AllowPrivateNetworks"] = "true" });

    public async ValueTask DisposeAsync()
    {
        await service.DisposeAsync();
        await api.DisposeAsync();
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(500, false)]
    public async Task A_call_starts_in_its_slot_or_not_at_all(int millisecondsLate, bool starts)
    {
        // The window lies around now, or just before it, or just behind it.
        var at = service.Store.Now - TimeSpan.FromMilliseconds(millisecondsLate == -1 ? -60_000 : millisecondsLate);
        var job = await ClaimedAsync(new Slot(at, TimeSpan.FromMilliseconds(starts ? 60_000 : 100)));

        var end = await RunAsync(job);

        if (starts)
        {
            Assert.IsType<JobOutcome.Succeeded>(end.Outcome);
            Assert.InRange(end.StartedAt!.Value, at, at + TimeSpan.FromSeconds(60));
            return;
        }

        Assert.Equal(new JobOutcome.Unstarted(), end.Outcome);
        Assert.Null(end.StartedAt);
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task A_claim_in_a_queue_that_was_paused_meanwhile_goes_back_unstarted()
    {
        var job = await ClaimedAsync(slot: null);
        await service.Store.PauseAsync("api", paused: true);

        Assert.Equal(new JobOutcome.Unstarted(), (await RunAsync(job)).Outcome);
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task A_claim_whose_deadline_has_passed_goes_back_unstarted()
    {
        var job = await ClaimedAsync(slot: null) with { StartBefore = service.Store.Now };

        Assert.IsType<JobOutcome.Unstarted>((await RunAsync(job)).Outcome);
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task A_429_holds_the_claims_in_hand_too()
    {
        var job = await ClaimedAsync(slot: null);
        service.Services.GetRequiredService<Holds>().Hold(job, new CallFeedback { Refused = true, NotBefore = service.Store.Now + TimeSpan.FromMinutes(1) });

        Assert.IsType<JobOutcome.Unstarted>((await RunAsync(job)).Outcome);
        Assert.Empty(api.Requests);
    }

    [Fact]
    public async Task After_the_stop_nothing_is_sent_any_more()
    {
        var job = await ClaimedAsync(slot: null);
        using var lifetime = new Stopping();
        lifetime.StopApplication();
        using var attempt = new RunningAttempt(job);

        var end = await ActivatorUtilities.CreateInstance<JobExecutor>(service.Services, lifetime).RunAsync(attempt, _ => { });

        Assert.Equal(new JobOutcome.Unstarted(), end.Outcome);
        Assert.Empty(api.Requests);
    }

    private async Task<AttemptEnd> RunAsync(ClaimedJob job)
    {
        using var attempt = new RunningAttempt(job);
        return await service.Services.GetRequiredService<JobExecutor>().RunAsync(attempt, _ => { });
    }

    private async Task<ClaimedJob> ClaimedAsync(Slot? slot)
    {
        var put = await service.Store.PutQueueAsync("api", new QueueDefinition { Target = new HttpTarget { BaseAddress = api.Address } }, expected: null);
        return new ClaimedJob
        {
            Id = service.Services.GetRequiredService<JobIdSource>().Next(),
            Lease = 1,
            Queue = ((PutOutcome<QueueEntry>.Created)put).Entry,
            Attempt = 1,
            MaxAttempts = 5,
            Timeout = TimeSpan.FromSeconds(30),
            Slot = slot,
            Payload = "1"u8.ToArray(),
        };
    }
}
