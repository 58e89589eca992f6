using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Tests.Storage;

/// <summary>Order, limits and times.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task A_lane_goes_by_priority_then_age()
    {
        var first = await Driver.AddAsync(Driver.NewJob());
        var second = await Driver.AddAsync(Driver.NewJob());
        var urgent = await Driver.AddAsync(Driver.NewJob() with { Priority = 5 });

        Assert.Equal([urgent, first, second], (await Driver.ClaimAsync()).Select(job => job.Id));
    }

    [Fact]
    public async Task A_key_with_one_job_waits_for_one_of_each_other_key_and_not_for_all_of_theirs()
    {
        Driver.Permits = 1;
        await Driver.AddManyAsync(50, key: "busy");
        await Driver.ClaimAsync();
        await Driver.ClaimAsync();
        var quiet = await Driver.AddAsync(Driver.NewJob(key: "quiet"));

        var next = new[] { Assert.Single(await Driver.ClaimAsync()).Id, Assert.Single(await Driver.ClaimAsync()).Id };

        Assert.Contains(quiet, next);
    }

    [Fact]
    public async Task A_rate_hands_out_evenly_spaced_slots_within_the_horizon()
    {
        await Driver.PutRateAsync("fast", permits: 200);
        await Driver.PutQueueAsync("paced", "fast");
        await Driver.AddManyAsync(100, "paced");

        var slots = (await Driver.ClaimAsync()).Select(job => job.Slot!.Value.At).ToList();

        Assert.InRange(slots.Count, 2, 6);
        Assert.All(slots.Zip(slots.Skip(1)), pair => Assert.Equal(TimeSpan.FromMilliseconds(5), pair.Second - pair.First));
        Assert.All(slots, slot => Assert.InRange(slot - Driver.Store.Now, TimeSpan.Zero, TimeSpan.FromMilliseconds(20)));
        Assert.Empty(await Driver.ClaimNowAsync());
    }

    [Fact]
    public async Task A_rate_is_kept_over_a_restart()
    {
        await Driver.PutRateAsync("slow", permits: 1, periodSeconds: 10);
        await Driver.PutQueueAsync("paced", "slow");
        await Driver.AddManyAsync(2, "paced");
        var first = Assert.Single(await Driver.ClaimAsync()).Slot!.Value.At;

        await ReopenAsync();
        Assert.Empty(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(first + TimeSpan.FromSeconds(10), Assert.Single(await Driver.ClaimAsync()).Slot!.Value.At, TimeSpan.FromMilliseconds(60));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_rate_of_each_key_is_kept_over_restarts(int restarts)
    {
        await Driver.PutLimitAsync("each", new RateDefinition { Permits = 2, Scope = LimitScope.PerKey });
        await Driver.PutQueueAsync("paced", "each");
        await Driver.AddManyAsync(2, "paced", "a");
        var first = Assert.Single(await Driver.ClaimAsync());
        await Driver.SucceedAsync(first);

        for (var i = 0; i < restarts; i++)
            await ReopenAsync();
        Assert.Empty(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromMilliseconds(500));

        Assert.Equal(first.Slot!.Value.At + TimeSpan.FromMilliseconds(500), Assert.Single(await Driver.ClaimAsync()).Slot!.Value.At, TimeSpan.FromMilliseconds(60));
    }

    [Fact]
    public async Task The_rate_of_each_key_counts_what_it_has_taken_when_it_is_changed_after_a_restart()
    {
        await Driver.PutLimitAsync("each", new RateDefinition { Permits = 2, Scope = LimitScope.PerKey });
        await Driver.PutQueueAsync("paced", "each");
        await Driver.AddManyAsync(2, "paced", "a");
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));

        await ReopenAsync();
        await Driver.PutLimitAsync("each", new RateDefinition { Permits = 2, PeriodSeconds = 10, Scope = LimitScope.PerKey });
        await ReopenAsync();
        Driver.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Empty(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Single(await Driver.ClaimAsync());
    }

    [Fact]
    public async Task A_key_that_has_made_no_call_waits_a_second_at_most_after_a_restart_for_what_others_may_have_taken()
    {
        await Driver.PutLimitAsync("each", new RateDefinition { Permits = 1, PeriodSeconds = 3_600, Scope = LimitScope.PerKey });
        await Driver.PutLimitAsync("own", new RateDefinition { Permits = 2, Scope = LimitScope.PerKey });
        await Driver.PutQueueAsync("paced", "each", "own");
        await Driver.AddManyAsync(1, "paced", "a");
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));

        await ReopenAsync();
        await Driver.AddManyAsync(1, "paced", "b");
        Driver.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("b", Assert.Single(await Driver.ClaimAsync()).Key);
    }

    [Fact]
    public async Task A_window_is_kept_over_a_restart_and_goes_on_a_period_behind_the_answer_it_was_told_of()
    {
        await Driver.PutLimitAsync("tokens", new WindowDefinition { Permits = 10, PeriodSeconds = 10 });
        await Driver.PutQueueAsync("counted", "tokens");
        foreach (var weight in (int[])[6, 4, 6, 4])
            await Driver.AddAsync(Driver.NewJob("counted") with { Weight = weight });
        var calls = await Driver.ClaimAsync();
        var slot = calls[0].Slot!.Value.At;
        Assert.Equal([(6, slot), (4, slot)], calls.Select(call => (call.Weight, call.Slot!.Value.At)));

        Driver.Time.Advance(slot - Driver.Store.Now + TimeSpan.FromMilliseconds(2));
        await Driver.SucceedAsync(calls[0]);
        await Driver.FinishAsync(calls[1], new JobOutcome.Failed(StoreDriver.Error()));
        await ReopenAsync();

        Assert.Empty(await Driver.ClaimNowAsync());
        Driver.Time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromMilliseconds(10));
        // Of a call that has failed it is not known when it has reached the API: 50 ms are allowed for.
        Assert.Equal([(6, slot + TimeSpan.FromMilliseconds(10_002))], (await Driver.ClaimAsync()).Select(call => (call.Weight, call.Slot!.Value.At)));
        Driver.Time.Advance(TimeSpan.FromMilliseconds(45));
        Assert.Equal([(4, slot + TimeSpan.FromMilliseconds(10_050))], (await Driver.ClaimAsync()).Select(call => (call.Weight, call.Slot!.Value.At)));
    }

    [Fact]
    public async Task A_concurrency_limit_holds_over_all_queues_that_name_it_until_the_call_ends()
    {
        await Driver.PutLimitAsync("db", new ConcurrencyDefinition { Permits = 2 });
        await Driver.PutQueueAsync("a", "db");
        await Driver.PutQueueAsync("b", "db");
        await Driver.AddManyAsync(3, "a");
        await Driver.AddManyAsync(3, "b");

        var running = await Driver.ClaimAsync();
        Assert.Equal(2, running.Count);
        Assert.Empty(await Driver.ClaimNowAsync());
        Assert.Equal((2, 0), await TakenOf("db"));

        await Driver.Store.ReleaseAsync(running[0], feedback: null);
        var next = Assert.Single(await Driver.ClaimAsync());
        Assert.NotEqual(running[0].Id, next.Id);
        await Driver.SucceedAsync(running[0]); // its permit went back before: not a second time
        Assert.Empty(await Driver.ClaimNowAsync());
    }

    [Theory]
    [InlineData("succeeded")]
    [InlineData("failed")]
    [InlineData("retried")]
    [InlineData("throttled")]
    [InlineData("cancelled")]
    [InlineData("unstarted")]
    [InlineData("returned")]
    public async Task No_permit_leaks_however_the_job_ends(string how)
    {
        await Driver.PutLimitAsync("one", new ConcurrencyDefinition { Permits = 1 });
        await Driver.PutQueueAsync("single", "one");
        await Driver.AddAsync(Driver.NewJob("single"));
        var job = Assert.Single(await Driver.ClaimAsync());

        await Driver.FinishAsync(job, how switch
        {
            "succeeded" => StoreDriver.Success(),
            "failed" => new JobOutcome.Failed(StoreDriver.Error()),
            "retried" => new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.FromHours(1)),
            "throttled" => new JobOutcome.Throttled(StoreDriver.Error()),
            "cancelled" => new JobOutcome.Cancelled(CancelReason.Request),
            "unstarted" => new JobOutcome.Unstarted(),
            _ => new JobOutcome.Returned(),
        }, started: how != "unstarted");

        Assert.Equal((0, 1), await TakenOf("one"));
    }

    [Fact]
    public async Task A_job_takes_all_its_limits_or_none()
    {
        await Driver.PutLimitAsync("one", new ConcurrencyDefinition { Permits = 1 });
        await Driver.PutRateAsync("minute", permits: 10, periodSeconds: 60, burst: 10);
        await Driver.PutQueueAsync("both", "minute", "one");
        await Driver.AddManyAsync(5, "both");

        var first = Assert.Single(await Driver.ClaimAsync());
        Driver.Time.Advance(TimeSpan.FromSeconds(1)); // past the slot: what is taken is counted from then on
        Assert.Empty(await Driver.ClaimNowAsync());
        Assert.Equal((1, 9), await TakenOf("minute"));

        await Driver.SucceedAsync(first);
        Assert.Single(await Driver.ClaimAsync());
        Assert.Equal((2, 8), await TakenOf("minute"));
    }

    [Fact]
    public async Task A_429_pauses_the_limit_as_long_as_told_and_counts_no_failure()
    {
        await Driver.PutRateAsync("api", permits: 100);
        await Driver.PutQueueAsync("first", "api");
        await Driver.PutQueueAsync("second", "api");
        var id = await Driver.AddAsync(Driver.NewJob("first"));
        var job = Assert.Single(await Driver.ClaimAsync());
        await Driver.AddAsync(Driver.NewJob("second"));
        Driver.Time.Advance(TimeSpan.FromSeconds(1));

        var told = Driver.Store.Now;
        await Driver.Store.ReleaseAsync(job, new CallFeedback { Refused = true, NotBefore = told + TimeSpan.FromSeconds(30) });
        await Driver.FinishAsync(job, new JobOutcome.Throttled(StoreDriver.Error() with { Status = 429 }));

        Assert.Empty(await Driver.ClaimNowAsync());
        var waiting = await Driver.GetAsync(id);
        Assert.Equal((0, 1, WaitReason.Limit, "api"), (waiting.Failures, waiting.Attempt, waiting.Waiting!.Reason, waiting.Waiting.Limit));
        // The other queue's job goes first: its lane has had nothing yet.
        Assert.Equal(told + TimeSpan.FromSeconds(30.01), waiting.Waiting.Until);
        await ReopenAsync();
        Assert.Empty(await Driver.ClaimNowAsync());

        Driver.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.All(await Driver.ClaimAsync(), next => Assert.True(next.Slot!.Value.At >= told + TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_429_without_limits_pauses_its_key_alone()
    {
        await Driver.AddAsync(Driver.NewJob(key: "told"));
        var job = Assert.Single(await Driver.ClaimAsync());
        await Driver.Store.ReleaseAsync(job, new CallFeedback { Refused = true, NotBefore = Driver.Store.Now + TimeSpan.FromSeconds(5) });
        await Driver.FinishAsync(job, new JobOutcome.Throttled(StoreDriver.Error()));
        await Driver.AddAsync(Driver.NewJob(key: "other"));

        Assert.Equal("other", Assert.Single(await Driver.ClaimAsync()).Key);
        Assert.Empty(await Driver.ClaimNowAsync());
        await ReopenAsync();
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync())); // "other", freed by the restart

        Driver.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("told", Assert.Single(await Driver.ClaimAsync()).Key);
    }

    [Fact]
    public async Task A_job_is_not_claimed_before_its_time()
    {
        var job = Driver.NewJob() with { NotBefore = Driver.Store.Now.AddSeconds(60) };
        var id = await Driver.AddAsync(job);

        Assert.Empty(await Driver.ClaimNowAsync());
        var waiting = (await Driver.GetAsync(id)).Waiting!;
        Assert.Equal((WaitReason.Time, job.NotBefore), (waiting.Reason, waiting.Until));

        var claim = Driver.ClaimAsync();
        Driver.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(id, Assert.Single(await claim).Id);
    }

    [Fact]
    public async Task A_job_that_nobody_wants_any_more_is_cancelled_at_its_deadline()
    {
        Driver.Permits = 0;
        var ended = new TaskCompletionSource<JobEnded>(TaskCreationOptions.RunContinuationsAsynchronously);
        Driver.Store.Committed += news => ended.TrySetResult(news.Ended[0]);
        var id = await Driver.AddAsync(Driver.NewJob() with { StartBefore = Driver.Store.Now.AddSeconds(30) });

        Driver.Time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(id, (await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Job);
        Assert.Equal(CancelReason.Deadline, (await Driver.GetAsync(id)).CancelReason);
    }

    [Fact]
    public async Task A_paused_queue_takes_jobs_in_and_starts_none()
    {
        await Driver.Store.PauseAsync("q", paused: true);
        var id = await Driver.AddAsync(Driver.NewJob());
        Assert.Empty(await Driver.ClaimNowAsync());
        Assert.Equal(WaitReason.Paused, (await Driver.GetAsync(id)).Waiting!.Reason);
        await ReopenAsync();
        Assert.Empty(await Driver.ClaimNowAsync());

        await Driver.Store.PauseAsync("q", paused: false);

        Assert.Equal(id, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Fact]
    public async Task A_job_that_finds_as_many_calls_as_its_queue_allows_says_so()
    {
        Driver.Permits = 0;
        var id = await Driver.AddAsync(Driver.NewJob());
        Assert.Empty(await Driver.ClaimNowAsync());

        Assert.Equal(new Waiting(WaitReason.Concurrency, Position: 1), (await Driver.GetAsync(id)).Waiting);
    }

    [Fact]
    public async Task A_limit_that_is_changed_counts_from_then_on()
    {
        await Driver.PutRateAsync("r", permits: 1, periodSeconds: 3_600);
        await Driver.PutQueueAsync("paced", "r");
        await Driver.AddManyAsync(3, "paced");
        Assert.Single(await Driver.ClaimAsync());
        Assert.Empty(await Driver.ClaimNowAsync());

        await Driver.PutRateAsync("r", permits: 1_000, periodSeconds: 1, burst: 10);

        Assert.NotEmpty(await Driver.ClaimAsync());
    }

    [Fact]
    public async Task A_heavier_job_from_before_a_limit_was_narrowed_still_goes()
    {
        await Driver.PutRateAsync("r", permits: 100, burst: 10);
        await Driver.PutQueueAsync("paced", "r");
        await Driver.Store.PauseAsync("paced", paused: true);
        var heavy = await Driver.AddAsync(Driver.NewJob("paced") with { Weight = 10 });
        await Driver.PutRateAsync("r", permits: 100, burst: 1);
        await Driver.Store.PauseAsync("paced", paused: false);

        Assert.Equal(heavy, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    private async Task<(long Taken, long Available)> TakenOf(string limit)
    {
        var status = (await Driver.Store.LimitAsync(limit, key: null))!;
        return (status.Taken, status.Available);
    }
}
