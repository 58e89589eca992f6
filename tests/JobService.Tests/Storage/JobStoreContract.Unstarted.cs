using JobService.Jobs;
using JobService.Limits;

namespace JobService.Tests.Storage;

/// <summary>Whatever keeps claims from starting: nothing spins, and it is seen.</summary>
public abstract partial class JobStoreContract
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(null)]
    [InlineData("rate")]
    [InlineData("concurrency")]
    public async Task Claims_that_never_start_are_made_ever_more_rarely(string? kind)
    {
        if (kind is not null)
            await Driver.PutLimitAsync("limit", kind == "rate" ? new RateDefinition { Permits = 1_000 } : new ConcurrencyDefinition { Permits = 2 });
        await Driver.PutQueueAsync("q", kind is null ? [] : ["limit"]);
        var job = await Driver.AddAsync(Driver.NewJob());

        var claims = await RefuseAllAsync(TimeSpan.FromSeconds(60));

        Assert.InRange(claims, 5, 30);
        var waiting = (await Driver.GetAsync(job)).Waiting!;
        Assert.Equal(WaitReason.Turn, waiting.Reason);
        Assert.InRange(waiting.Until!.Value - Driver.Store.Now, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Claims_of_many_keys_that_never_start_are_few_too()
    {
        await Driver.PutQueueAsync("q");
        for (var key = 0; key < 50; key++)
            await Driver.AddAsync(Driver.NewJob(key: $"k{key}"));
        Driver.Permits = 4;

        Assert.InRange(await RefuseAllAsync(TimeSpan.FromSeconds(20)), 10, 300);
    }

    [Fact]
    public async Task A_key_that_cannot_start_holds_up_no_other_and_goes_on_at_once_when_it_could()
    {
        await Driver.PutQueueAsync("q");
        var stuck = await Driver.AddAsync(Driver.NewJob(key: "stuck"));
        await RefuseAllAsync(TimeSpan.FromSeconds(10));
        await Driver.AddAsync(Driver.NewJob(key: "other"));

        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimNowAsync(), job => job.Key == "other"));
        Driver.Time.Advance(TimeSpan.FromSeconds(5));
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimNowAsync(), job => job.Id == stuck));
        await Driver.AddAsync(Driver.NewJob(key: "stuck"));

        Assert.Single(await Driver.ClaimNowAsync());
    }

    [Fact]
    public async Task A_change_of_its_queue_ends_the_waiting_of_claims_that_could_not_start()
    {
        await Driver.PutQueueAsync("q");
        await Driver.AddAsync(Driver.NewJob());
        await RefuseAllAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(await Driver.ClaimNowAsync());

        await Driver.PutQueueAsync("q", new QueueDefinition { MaxConcurrency = 3 });

        Assert.Single(await Driver.ClaimNowAsync());
    }

    [Fact]
    public async Task A_start_ends_the_waiting_of_claims_that_could_not_start_and_no_pause_of_the_api()
    {
        await Driver.PutQueueAsync("q");
        await Driver.AddManyAsync(3);
        Driver.Permits = 1;
        await RefuseAllAsync(TimeSpan.FromSeconds(1));
        Driver.Time.Advance(TimeSpan.FromSeconds(5));
        var first = Assert.Single(await Driver.ClaimNowAsync());
        var second = Assert.Single(await Driver.ClaimNowAsync());

        await Driver.Store.ReleaseAsync(first, new CallFeedback { Refused = true, NotBefore = Driver.Store.Now.AddMinutes(1) });
        await Driver.FinishAsync(first, new JobOutcome.Throttled(StoreDriver.Error()));
        await Driver.SucceedAsync(second);

        Assert.Empty(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Single(await Driver.ClaimNowAsync());
    }

    [Fact]
    public async Task Claims_that_can_start_next_time_are_made_again_at_once()
    {
        await Driver.PutQueueAsync("q");
        await Driver.AddAsync(Driver.NewJob());

        Assert.Equal(20, await RefuseAllAsync(20 * Step, new JobOutcome.Unstarted { StartsNext = true }));
    }

    [Theory]
    [InlineData("rate")]
    [InlineData("window")]
    [InlineData("concurrency")]
    public async Task What_a_claim_has_taken_is_free_for_others_when_its_slot_is_given_up(string kind)
    {
        await Driver.PutLimitAsync("one", kind switch
        {
            "rate" => new RateDefinition { Permits = 1, PeriodSeconds = 3_600 },
            "window" => new WindowDefinition { Permits = 1, PeriodSeconds = 3_600 },
            _ => new ConcurrencyDefinition { Permits = 1 },
        });
        await Driver.PutQueueAsync("q", "one");
        await Driver.AddManyAsync(3);
        var first = Assert.Single(await Driver.ClaimNowAsync());
        Assert.Empty(await Driver.ClaimNowAsync());

        Assert.True(await Driver.Store.GiveUpSlotAsync(first));

        var second = Assert.Single(await Driver.ClaimNowAsync());
        Assert.NotEqual(first.Id, second.Id);
        Assert.False(await Driver.Store.GiveUpSlotAsync(first));
        Assert.Equal(1, await Driver.FinishAsync(first, new JobOutcome.Unstarted(), started: false));
        Assert.Empty(await Driver.ClaimNowAsync()); // what the other one holds does not go back with that
        Assert.Equal((JobState.Queued, 0), (await Driver.GetAsync(first.Id)) is var job ? (job.State, job.Attempt) : default);
    }

    private async Task<int> RefuseAllAsync(TimeSpan lasting, JobOutcome? outcome = null)
    {
        var claims = 0;
        for (var passed = TimeSpan.Zero; passed < lasting; passed += Step)
        {
            foreach (var job in await Driver.ClaimNowAsync())
            {
                claims++;
                await Driver.FinishAsync(job, outcome ?? new JobOutcome.Unstarted(), started: false);
            }

            Driver.Time.Advance(Step);
        }

        return claims;
    }
}
