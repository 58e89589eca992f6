using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Tests.Storage;

/// <summary>What is said of a waiting job, and what then happens to it.</summary>
public abstract partial class JobStoreContract
{
    [Theory]
    [InlineData("a rate", WaitReason.Limit, "api")]
    [InlineData("a window", WaitReason.Limit, "api")]
    [InlineData("a refusal that says until when", WaitReason.Limit, "api")]
    [InlineData("a refusal that does not", WaitReason.Limit, "api")]
    [InlineData("a spent budget", WaitReason.Limit, "api")]
    [InlineData("a refusal without limits", WaitReason.Limit, null)]
    [InlineData("an open circuit", WaitReason.Limit, null)]
    [InlineData("its own time", WaitReason.Time, null)]
    [InlineData("a failure", WaitReason.Retry, null)]
    [InlineData("a failure before the call", WaitReason.Retry, null)]
    public async Task It_goes_at_the_moment_that_was_named_and_not_before(string waitsFor, WaitReason reason, string? limit)
    {
        var waiting = await LetWaitAsync(waitsFor);

        var said = (await Driver.GetAsync(waiting)).Waiting!;
        Assert.Equal((reason, limit), (said.Reason, said.Limit));
        var until = Assert.NotNull(said.Until);
        Assert.True(until >= Driver.Store.Now + TimeSpan.FromSeconds(1));

        // Slots are handed out a little ahead of their moment.
        Driver.Time.Advance(until - Driver.Store.Now - TimeSpan.FromMilliseconds(20));
        Assert.Empty(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromMilliseconds(20));
        var job = Assert.Single(await Driver.ClaimNowAsync());
        Assert.Equal(waiting, job.Id);
        Assert.InRange((job.Slot?.At ?? Driver.Store.Now) - until, TimeSpan.Zero, TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public async Task What_only_waits_for_its_turn_says_so_and_goes_in_the_next_round()
    {
        var (first, second) = (await Driver.AddAsync(Driver.NewJob()), await Driver.AddAsync(Driver.NewJob()));

        Assert.Equal(new Waiting(WaitReason.Turn, Position: 1), (await Driver.GetAsync(first)).Waiting);
        Assert.Equal(new Waiting(WaitReason.Turn, Position: 2), (await Driver.GetAsync(second)).Waiting);
        Assert.Equal([first, second], (await Driver.ClaimNowAsync()).Select(job => job.Id));
    }

    private async Task<JobId> LetWaitAsync(string waitsFor)
    {
        if (waitsFor == "its own time")
            return await Driver.AddAsync(Driver.NewJob() with { NotBefore = Driver.Store.Now + TimeSpan.FromSeconds(7) });

        LimitDefinition definition = waitsFor switch
        {
            "a rate" => new RateDefinition { Permits = 1, PeriodSeconds = 10 },
            "a window" => new WindowDefinition { Permits = 1, PeriodSeconds = 10 },
            _ => new RateDefinition { Permits = 100 },
        };
        await Driver.PutLimitAsync("api", definition);
        await Driver.PutQueueAsync("q", waitsFor is "a refusal without limits" or "a failure" or "a failure before the call" ? [] : ["api"]);
        await Driver.AddAsync(Driver.NewJob());
        var job = Assert.Single(await Driver.ClaimAsync());
        var later = Driver.Store.Now + TimeSpan.FromSeconds(5);
        var error = StoreDriver.Error();
        switch (waitsFor)
        {
            case "a rate" or "a window":
                await Driver.SucceedAsync(job);
                return await Driver.AddAsync(Driver.NewJob());
            case "a refusal that says until when" or "a refusal without limits":
                await Driver.Store.ReleaseAsync(job, new CallFeedback { Refused = true, NotBefore = later });
                await Driver.FinishAsync(job, new JobOutcome.Throttled(error));
                break;
            case "a refusal that does not":
                await Driver.Store.ReleaseAsync(job, new CallFeedback { Refused = true });
                await Driver.FinishAsync(job, new JobOutcome.Throttled(error));
                break;
            case "a spent budget":
                await Driver.Store.ReleaseAsync(job, new CallFeedback { Budgets = [new CallBudget(BudgetUnit.Calls, 0, later)] });
                await Driver.FinishAsync(job, new JobOutcome.Returned());
                break;
            case "an open circuit":
                await Driver.Store.ReleaseAsync(job, new CallFeedback { CircuitOpen = true, NotBefore = later });
                await Driver.FinishAsync(job, new JobOutcome.Unstarted(), started: false);
                break;
            default:
                await Driver.FinishAsync(job, new JobOutcome.Retried(error, TimeSpan.FromSeconds(4)), started: waitsFor == "a failure");
                break;
        }

        return job.Id;
    }
}
