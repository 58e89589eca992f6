using JobService.Jobs;
using JobService.Limits;

namespace JobService.Tests.Storage;

/// <summary>What calls have taught.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task A_spent_budget_stops_the_limit_until_its_reset()
    {
        await Driver.PutRateAsync("api", permits: 1);
        await Driver.PutQueueAsync("q", "api");
        await Driver.AddManyAsync(2);
        var job = Assert.Single(await Driver.ClaimAsync());
        var reset = Driver.Store.Now + TimeSpan.FromSeconds(30);

        await Driver.Store.ReleaseAsync(job, new CallLesson { Budgets = [new CallBudget(BudgetUnit.Calls, 0, reset)] });
        await Driver.SucceedAsync(job);

        Driver.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.Empty(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Assert.Single(await Driver.ClaimAsync()).Slot!.Value.At >= reset);
    }

    [Theory]
    [InlineData(3, 7, true)] // less than it took: others may have the rest at once
    [InlineData(10, 1, false)] // more: it is charged from now on
    public async Task What_a_call_has_really_cost_counts_from_the_moment_it_is_known_also_after_a_restart(int trueWeight, int next, bool fits)
    {
        await Driver.PutLimitAsync("tokens", new WindowDefinition { Permits = 10, PeriodSeconds = 60 });
        await Driver.PutQueueAsync("q", "tokens");
        await Driver.AddAsync(Driver.NewJob() with { Weight = 8 });
        var job = Assert.Single(await Driver.ClaimAsync());
        Driver.Time.Advance(TimeSpan.FromMilliseconds(30));

        await Driver.Store.ReleaseAsync(job, new CallLesson { TrueWeights = new Dictionary<string, int> { ["tokens"] = trueWeight } });
        await Driver.SucceedAsync(job);

        Assert.Equal((trueWeight, 10 - trueWeight), await TakenOf("tokens"));
        await ReopenAsync();
        Assert.Equal((trueWeight, 10 - trueWeight), await TakenOf("tokens"));
        await Driver.AddAsync(Driver.NewJob() with { Weight = next });
        Assert.Equal(fits ? 1 : 0, (await Driver.ClaimNowAsync()).Count);
    }

    [Fact]
    public async Task An_open_circuit_pauses_the_jobs_of_its_queue_and_leaves_the_limit_to_others()
    {
        await Driver.PutRateAsync("api", permits: 1, periodSeconds: 60);
        await Driver.PutQueueAsync("broken", "api");
        await Driver.PutQueueAsync("sound", "api");
        await Driver.AddAsync(Driver.NewJob("broken"));
        var job = Assert.Single(await Driver.ClaimAsync());

        await Driver.Store.ReleaseAsync(job, new CallLesson { CircuitOpen = true, NotBefore = Driver.Store.Now + TimeSpan.FromSeconds(5) });
        await Driver.FinishAsync(job, new JobOutcome.Unstarted(), started: false);

        // The slot that was not used is there for another queue at once, not after a minute.
        Assert.Empty(await Driver.ClaimNowAsync());
        await Driver.AddAsync(Driver.NewJob("sound"));
        var other = Assert.Single(await Driver.ClaimNowAsync());
        Assert.Equal("sound", other.Queue.Name);
        await Driver.FinishAsync(other, new JobOutcome.Unstarted(), started: false);
        Driver.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("broken", Assert.Single(await Driver.ClaimNowAsync(), next => next.Queue.Name == "broken").Queue.Name);
    }
}
