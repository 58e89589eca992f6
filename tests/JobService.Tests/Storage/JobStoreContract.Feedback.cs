using JobService.Jobs;
using JobService.Ledger;
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

        await Driver.Store.ReleaseAsync(job, new CallFeedback { Budgets = [new CallBudget(BudgetUnit.Calls, 0, reset)] });
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

        await Driver.Store.ReleaseAsync(job, new CallFeedback { TrueWeights = new Dictionary<string, int> { ["tokens"] = trueWeight } });
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

        await Driver.Store.ReleaseAsync(job, new CallFeedback { CircuitOpen = true, NotBefore = Driver.Store.Now + TimeSpan.FromSeconds(5) });
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

    [Fact]
    public async Task Without_limits_no_more_calls_are_under_way_than_the_API_says_are_left()
    {
        await Driver.PutQueueAsync("q");
        await Driver.AddManyAsync(20);
        Driver.Permits = 1;
        var first = Assert.Single(await Driver.ClaimAsync());
        Driver.Permits = 1_000;
        var until = Driver.Store.Now + TimeSpan.FromSeconds(10);

        await TellAsync(first, remaining: 2, until);
        var next = await Driver.ClaimNowAsync();
        Assert.Equal(2, next.Count);
        await TellAsync(next[0], remaining: 1, until);
        Assert.Empty(await Driver.ClaimNowAsync()); // the other one may still have to be counted
        await TellAsync(next[1], remaining: 0, until);
        Driver.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Empty(await Driver.ClaimNowAsync());

        // One asks what is left of the next window.
        Driver.Time.Advance(TimeSpan.FromSeconds(1));
        var asks = Assert.Single(await Driver.ClaimAsync());
        Driver.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(await Driver.ClaimNowAsync());
        await TellAsync(asks, remaining: 5, until + TimeSpan.FromSeconds(10));
        Assert.Equal(5, (await Driver.ClaimNowAsync()).Count);
    }

    [Fact]
    public async Task A_pace_that_calls_without_a_limit_have_learned_survives_a_restart()
    {
        await Driver.PutQueueAsync("q");
        await Driver.AddManyAsync(30);
        Driver.Permits = 16;
        var wave = await Driver.ClaimAsync();
        Driver.Permits = 1_000;
        foreach (var job in wave.Take(10))
            await Driver.SucceedAsync(job);
        foreach (var job in wave.Skip(10))
        {
            await Driver.Store.ReleaseAsync(job, new CallFeedback { Refused = true });
            await Driver.FinishAsync(job, new JobOutcome.Throttled(new JobError(ErrorTypes.Upstream, 429, null)));
        }

        var pausedUntil = Driver.Store.Now + TimeSpan.FromSeconds(1);
        Assert.Equal(new QueueLearned(1, pausedUntil, Pace: 10), await Driver.Store.LearnedAsync("q", key: null));
        await ReopenAsync();
        Driver.Permits = 1_000;
        Assert.Equal(new QueueLearned(1, pausedUntil, Pace: 10), await Driver.Store.LearnedAsync("q", key: ""));
        Assert.Null(await Driver.Store.LearnedAsync("q", key: "other"));

        Driver.Time.Advance(pausedUntil - Driver.Store.Now);
        Assert.Single(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Empty(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Single(await Driver.ClaimNowAsync());

        Assert.True(await Driver.Store.LiftQueueAsync("q", key: null));
        Assert.Null(await Driver.Store.LearnedAsync("q", key: null));
        Assert.Equal(18, (await Driver.ClaimNowAsync()).Count + (await Driver.ClaimNowAsync()).Count); // a turn claims what is known of the lane
        await ReopenAsync();
        Assert.Null(await Driver.Store.LearnedAsync("q", key: null));
    }

    [Theory]
    [InlineData(BudgetUnit.Tokens, 500, 400, true)]
    [InlineData(BudgetUnit.Tokens, 500, 600, false)]
    [InlineData(BudgetUnit.InputTokens, 500, 600, false)]
    [InlineData(BudgetUnit.OutputTokens, 500, 600, true)] // no limit of the queue counts these
    [InlineData(BudgetUnit.OutputTokens, 0, 1, false)] // but nothing goes without any
    [InlineData(BudgetUnit.Calls, 1, 600, true)]
    [InlineData(BudgetUnit.Calls, 0, 1, false)]
    public async Task What_is_left_in_tokens_steers_the_limits_that_count_tokens(BudgetUnit unit, int remaining, int next, bool goes)
    {
        await Driver.PutLimitAsync("calls", new RateDefinition { Permits = 1_000, Burst = 100, Counts = "calls" });
        await Driver.PutLimitAsync("tokens", new WindowDefinition { Permits = 10_000, PeriodSeconds = 60, Counts = "inputTokens" });
        await Driver.PutQueueAsync("q", "calls", "tokens");
        var weights = new Dictionary<string, int> { ["inputTokens"] = 100 };
        await Driver.AddAsync(Driver.NewJob() with { Weights = weights });
        var job = Assert.Single(await Driver.ClaimAsync());
        await Driver.AddAsync(Driver.NewJob() with { Weights = new Dictionary<string, int> { ["inputTokens"] = next } });

        await Driver.Store.ReleaseAsync(job, new CallFeedback { Budgets = [new CallBudget(unit, remaining, Driver.Store.Now + TimeSpan.FromSeconds(10))] });
        await Driver.SucceedAsync(job);

        Assert.Equal(goes ? 1 : 0, (await Driver.ClaimNowAsync()).Count);
        Driver.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(goes ? 0 : 1, (await Driver.ClaimNowAsync()).Count);
    }

    private async Task TellAsync(ClaimedJob job, int remaining, DateTimeOffset until)
    {
        await Driver.Store.ReleaseAsync(job, new CallFeedback { Budgets = [new CallBudget(BudgetUnit.Calls, remaining, until)] });
        await Driver.SucceedAsync(job);
    }
}
