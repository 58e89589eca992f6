using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Tests.Storage;

/// <summary>Limits that count different things: calls, the job's weight, its weights by name.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task A_job_takes_of_each_limit_what_it_counts_also_after_a_restart()
    {
        await PutModelAsync(new WindowDefinition { Permits = 100, PeriodSeconds = 10, Counts = "in" });
        var jobs = new List<JobId>();
        foreach (var tokens in (int[])[40, 50, 30])
            jobs.Add(await Driver.AddAsync(Model(("in", tokens))));

        var calls = await Driver.ClaimAsync();
        Assert.Equal(jobs[..2], calls.Select(job => job.Id));
        Assert.Equal([2, 90, 2], await TakenOfModelAsync());
        foreach (var call in calls)
            await Driver.SucceedAsync(call);
        await ReopenAsync();

        Assert.Equal([2, 90, 0], await TakenOfModelAsync());
        var waiting = await Driver.GetAsync(jobs[2]);
        Assert.Equal(new Dictionary<string, int> { ["in"] = 30 }, waiting.Weights);
        Driver.Time.Advance(TimeSpan.FromSeconds(10.1));
        Assert.Equal(jobs[2], Assert.Single(await Driver.ClaimNowAsync()).Id);
        Assert.Equal([1, 30, 1], await TakenOfModelAsync());
    }

    [Fact]
    public async Task Of_a_limit_that_counts_a_name_a_job_takes_its_weight_where_it_gives_no_such_name()
    {
        await PutModelAsync(new WindowDefinition { Permits = 100, Counts = "in" });
        await Driver.AddAsync(Model(("out", 7)) with { Weight = 60 });

        await Driver.ClaimAsync();

        Assert.Equal([1, 60, 1], await TakenOfModelAsync());
    }

    [Theory]
    [InlineData(LimitDefinition.Weight, 5, 1, false)]
    [InlineData(LimitDefinition.Weight, 3, 9, true)]
    [InlineData(LimitDefinition.Calls, 5, 9, true)]
    [InlineData("in", 9, 3, true)]
    [InlineData("in", 1, 5, false)]
    [InlineData("out", 5, 1, false)]
    public async Task What_never_fits_is_refused_by_what_the_limit_counts(string counts, int weight, int named, bool fits)
    {
        await PutModelAsync(new RateDefinition { Permits = 100, Burst = 3, Counts = counts });

        var addition = await Driver.SubmitAsync(Model(("in", named)) with { Weight = weight });

        if (fits)
            Assert.IsType<Addition.Accepted>(addition);
        else
            Assert.Equal(new Addition.NeverFits("tokens", 3, counts), addition);
    }

    [Fact]
    public async Task The_moment_named_for_a_job_is_that_of_what_the_limit_counts()
    {
        await PutModelAsync(new RateDefinition { Permits = 10, Burst = 20, Counts = "in" });
        var jobs = new List<JobId>();
        foreach (var tokens in (int[])[20, 10, 1, 15])
            jobs.Add(await Driver.AddAsync(Model(("in", tokens)) with { Weight = 1_000 }));
        jobs.Add(await Driver.AddAsync(Model() with { Weight = 5 }));
        var first = Assert.Single(await Driver.ClaimAsync());

        // 10, 1, 15 and 5 tokens at 10 a second, behind 20 that were taken at once.
        var until = new List<double>();
        foreach (var job in jobs[1..])
            until.Add(((await Driver.GetAsync(job)).Waiting!.Until!.Value - first.Slot!.Value.At).TotalSeconds);

        Assert.Equal([1, 1.1, 2.6, 3.1], until.Select(seconds => Math.Round(seconds, 2)));
    }

    [Fact]
    public async Task What_a_call_has_cost_settles_only_the_limits_that_say_so()
    {
        await PutModelAsync(new WindowDefinition { Permits = 100, PeriodSeconds = 10, Counts = "in" });
        await Driver.AddAsync(Model(("in", 40)));
        var job = Assert.Single(await Driver.ClaimAsync());
        Driver.Time.Advance(job.Slot!.Value.At - Driver.Store.Now + TimeSpan.FromMilliseconds(2));

        await Driver.Store.ReleaseAsync(job, new CallFeedback { TrueWeights = new Dictionary<string, int> { ["tokens"] = 15 } });
        await Driver.SucceedAsync(job);

        Assert.Equal([1, 15, 0], await TakenOfModelAsync());
        // Both windows go a period behind the response, the settled one with what is left in it.
        Driver.Time.Advance(TimeSpan.FromSeconds(10) + TimeSpan.FromMilliseconds(1));
        Assert.Equal([0, 0, 0], await TakenOfModelAsync());
    }

    [Fact]
    public async Task When_a_limit_counts_something_else_what_waits_is_asked_again()
    {
        await PutModelAsync(new RateDefinition { Permits = 1, PeriodSeconds = 100, Burst = 1_000 });
        await Driver.AddAsync(Model() with { Weight = 1_000 });
        await Driver.AddAsync(Model(("in", 1)) with { Weight = 1_000 });
        Assert.Single(await Driver.ClaimAsync());
        Assert.Empty(await Driver.ClaimNowAsync());

        await Driver.PutLimitAsync("tokens", new WindowDefinition { Permits = 10, Counts = LimitDefinition.Calls });

        Assert.Single(await Driver.ClaimAsync());
        Assert.Equal([2, 1, 2], await TakenOfModelAsync());
    }

    [Theory]
    [InlineData(LimitDefinition.Calls, 2)]
    [InlineData(LimitDefinition.Weight, 5)]
    [InlineData("in", 30)]
    [InlineData("out", 12)]
    public async Task Calls_that_run_are_counted_anew_at_once(string counts, int held)
    {
        await PutModelAsync(new ConcurrencyDefinition { Permits = 100, Counts = "else" });
        await Driver.AddAsync(Model(("in", 10)) with { Weight = 2 });
        await Driver.AddAsync(Model(("in", 20), ("out", 10)) with { Weight = 3 });
        var calls = await Driver.ClaimAsync();

        await Driver.PutLimitAsync("tokens", new ConcurrencyDefinition { Permits = 100, Counts = counts });
        Assert.Equal([2, held, 2], await TakenOfModelAsync());

        foreach (var call in calls)
            await Driver.FinishAsync(call, call == calls[0] ? StoreDriver.Success() : new JobOutcome.Unstarted(), started: call == calls[0]);
        Assert.Equal(0, (await TakenOfModelAsync())[1]);
    }

    [Fact]
    public async Task Of_a_window_that_counts_something_else_the_share_stays_used_that_was_used_also_after_a_restart()
    {
        await PutModelAsync(new WindowDefinition { Permits = 90_000, PeriodSeconds = 10, Counts = "in" });
        foreach (var tokens in (int[])[40_000, 5_000])
            await Driver.AddAsync(Model(("in", tokens)));
        var calls = await Driver.ClaimAsync();
        await Driver.FinishAsync(calls[0], new JobOutcome.Failed(StoreDriver.Error()));

        await Driver.PutLimitAsync("tokens", new WindowDefinition { Permits = 500, PeriodSeconds = 10, Counts = LimitDefinition.Calls });
        // Of the call that has ended the share it took, of the one under way what it takes now.
        Assert.Equal(223 + 1, (await TakenOfModelAsync())[1]);

        // A unit that changes gives nothing back.
        await Driver.FinishAsync(calls[1], new JobOutcome.Unstarted(), started: false);
        Assert.Equal(224, (await TakenOfModelAsync())[1]);
        await ReopenAsync();
        Assert.Equal(224, (await TakenOfModelAsync())[1]);
        Driver.Time.Advance(TimeSpan.FromSeconds(10.2));
        Assert.Equal(0, (await TakenOfModelAsync())[1]);
    }

    [Fact]
    public async Task A_rate_that_counts_something_else_is_paid_back_at_the_moment_at_which_it_was_before()
    {
        await PutModelAsync(new RateDefinition { Permits = 1_000, Burst = 8_000, Counts = "in" });
        await Driver.AddAsync(Model(("in", 8_000)));
        var first = Assert.Single(await Driver.ClaimAsync());

        await Driver.PutLimitAsync("tokens", new RateDefinition { Permits = 10, Counts = LimitDefinition.Calls });
        await Driver.AddAsync(Model(("in", 8_000)));

        Assert.Empty(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(first.Slot!.Value.At + TimeSpan.FromSeconds(8), Assert.Single(await Driver.ClaimAsync()).Slot!.Value.At, TimeSpan.FromMilliseconds(60));
    }

    /// <summary>A queue whose limits count calls in a window, whatever is given, and calls at once.</summary>
    private async Task PutModelAsync(LimitDefinition tokens)
    {
        await Driver.PutLimitAsync("calls", new WindowDefinition { Permits = 1_000, PeriodSeconds = 10, Counts = LimitDefinition.Calls });
        await Driver.PutLimitAsync("tokens", tokens);
        await Driver.PutLimitAsync("width", new ConcurrencyDefinition { Permits = 40, Counts = LimitDefinition.Calls });
        await Driver.PutQueueAsync("model", "calls", "tokens", "width");
    }

    private NewJob Model(params (string Name, int Weight)[] weights) =>
        Driver.NewJob("model") with { Weights = weights.Length > 0 ? weights.ToDictionary(weight => weight.Name, weight => weight.Weight) : null };

    private async Task<List<long>> TakenOfModelAsync()
    {
        var taken = new List<long>();
        foreach (var limit in (string[])["calls", "tokens", "width"])
            taken.Add((await Driver.Store.LimitAsync(limit, key: null))!.Taken);
        return taken;
    }
}
