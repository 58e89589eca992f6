using JobService.Jobs;
using JobService.Limits;

namespace JobService.Tests.Storage;

/// <summary>Locks: one holder at a time, and a line that holds up nobody else.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task One_job_at_a_time_holds_a_lock()
    {
        var first = await AddLockedAsync();
        var second = await AddLockedAsync();

        var holder = Assert.Single(await Driver.ClaimAsync());
        Assert.Equal(first, holder.Id);
        Assert.Empty(await Driver.ClaimNowAsync());

        await Driver.Store.ReleaseAsync(holder, feedback: null); // the call is over, its processing is not
        Assert.Empty(await Driver.ClaimNowAsync());
        await Driver.SucceedAsync(holder);
        Assert.Equal(second, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Fact]
    public async Task A_lock_holds_over_all_queues_and_keys()
    {
        await Driver.PutQueueAsync("other");
        await AddLockedAsync("q", "a");
        await AddLockedAsync("q", "b");
        await AddLockedAsync("other", "c");

        for (var i = 0; i < 3; i++)
        {
            var holder = Assert.Single(await Driver.ClaimAsync());
            Assert.Empty(await Driver.ClaimNowAsync());
            await Driver.SucceedAsync(holder);
        }

        Assert.Empty(await Driver.ClaimNowAsync());
    }

    [Theory]
    [InlineData("succeeded")]
    [InlineData("failed")]
    [InlineData("retried")]
    [InlineData("retried at once")]
    [InlineData("throttled")]
    [InlineData("cancelled")]
    [InlineData("unstarted")]
    [InlineData("returned")]
    public async Task A_lock_is_free_however_its_holder_ends(string how)
    {
        await AddLockedAsync(key: "a");
        var holder = Assert.Single(await Driver.ClaimAsync());
        var next = await AddLockedAsync(key: "b", priority: 1); // first of the line, also when the holder comes back to it
        Assert.Empty(await Driver.ClaimNowAsync());

        await Driver.FinishAsync(holder, how switch
        {
            "succeeded" => StoreDriver.Success(),
            "failed" => new JobOutcome.Failed(StoreDriver.Error()),
            "retried" => new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.FromHours(1)),
            "retried at once" => new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero),
            "throttled" => new JobOutcome.Throttled(StoreDriver.Error()),
            "cancelled" => new JobOutcome.Cancelled(CancelReason.Request),
            "unstarted" => new JobOutcome.Unstarted(),
            _ => new JobOutcome.Returned(),
        }, started: how != "unstarted");

        Assert.Equal(next, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Fact]
    public async Task A_job_that_waits_for_its_lock_holds_up_no_other_of_its_key()
    {
        Driver.Permits = 2;
        await Driver.PutLimitAsync("two", new ConcurrencyDefinition { Permits = 2 });
        await Driver.PutQueueAsync("limited", "two");
        await AddLockedAsync("limited");
        var aside = await AddLockedAsync("limited");
        var free = await Driver.AddAsync(Driver.NewJob("limited"));

        Assert.Equal(free, (await Driver.ClaimAsync())[1].Id);
        var late = await AddLockedAsync("limited"); // in the line from the start

        Assert.Equal(new Waiting(WaitReason.Lock, Position: 1), (await Driver.GetAsync(aside)).Waiting);
        Assert.Equal(new Waiting(WaitReason.Lock, Position: 2), (await Driver.GetAsync(late)).Waiting);
        Assert.Equal("one", (await Driver.GetAsync(late)).Lock);
        Assert.Equal(2, (await Driver.Store.CountAsync("limited"))!.Queued);
    }

    [Fact]
    public async Task A_line_goes_by_priority_then_age_also_for_who_went_aside()
    {
        await Driver.AddAsync(Driver.NewJob() with { Lock = "one", Priority = 100 });
        var asideFirst = await AddLockedAsync();
        var asideSecond = await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        var urgent = await AddLockedAsync(priority: 5);
        var youngest = await AddLockedAsync();

        var order = new List<JobId>();
        for (var i = 0; i < 4; i++)
        {
            await Driver.SucceedAsync(holder);
            holder = Assert.Single(await Driver.ClaimAsync());
            order.Add(holder.Id);
        }

        Assert.Equal([urgent, asideFirst, asideSecond, youngest], order);
    }

    [Fact]
    public async Task Who_comes_back_from_an_attempt_keeps_its_place_in_the_line()
    {
        var first = await AddLockedAsync();
        await AddLockedAsync();
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());

        await Driver.FinishAsync(holder, new JobOutcome.Unstarted(), started: false);

        Assert.Equal(first, Assert.Single(await Driver.ClaimAsync()).Id);
        Assert.Empty(await Driver.ClaimNowAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_is_cancelled_in_the_line_leaves_it(bool first)
    {
        await AddLockedAsync();
        var waiting = new[] { await AddLockedAsync(), await AddLockedAsync() };
        var holder = Assert.Single(await Driver.ClaimAsync());
        await Driver.Store.CancelAsync(waiting[first ? 0 : 1], CancelReason.Request);

        await Driver.SucceedAsync(holder);

        var next = Assert.Single(await Driver.ClaimAsync());
        Assert.Equal(waiting[first ? 1 : 0], next.Id);
        await Driver.SucceedAsync(next);
        await AddLockedAsync();
        Assert.Single(await Driver.ClaimAsync()); // no line is left behind
    }

    [Fact]
    public async Task A_deadline_holds_in_the_line_of_a_lock()
    {
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        var late = await Driver.AddAsync(Driver.NewJob() with { Lock = "one", StartBefore = Driver.Store.Now.AddSeconds(1) });
        var next = await AddLockedAsync();

        Driver.Time.Advance(TimeSpan.FromSeconds(2));
        await Driver.ClaimNowAsync();
        Assert.Equal(CancelReason.Deadline, (await Driver.GetAsync(late)).CancelReason);
        await Driver.SucceedAsync(holder);

        Assert.Equal(next, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Fact]
    public async Task A_crash_frees_the_lock_and_keeps_the_line()
    {
        var first = await AddLockedAsync();
        var second = await AddLockedAsync();
        var third = await AddLockedAsync();
        Assert.Single(await Driver.ClaimAsync());

        await ReopenAsync();

        foreach (var next in new[] { first, second, third })
        {
            var holder = Assert.Single(await Driver.ClaimAsync());
            Assert.Equal(next, holder.Id);
            Assert.Empty(await Driver.ClaimNowAsync());
            await Driver.SucceedAsync(holder);
        }
    }

    [Fact]
    public async Task A_job_whose_time_comes_while_its_lock_is_held_stands_in_the_line()
    {
        var due = await Driver.AddAsync(Driver.NewJob() with { Lock = "one", NotBefore = Driver.Store.Now.AddSeconds(10) });
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        Assert.Equal(WaitReason.Time, (await Driver.GetAsync(due)).Waiting!.Reason);

        Driver.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await Driver.ClaimNowAsync());

        Assert.Equal(new Waiting(WaitReason.Lock, Position: 1), (await Driver.GetAsync(due)).Waiting);
        await Driver.SucceedAsync(holder);
        Assert.Equal(due, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    private Task<JobId> AddLockedAsync(string queue = "q", string key = "", int priority = 0) =>
        Driver.AddAsync(Driver.NewJob(queue, key) with { Lock = "one", Priority = priority });
}
