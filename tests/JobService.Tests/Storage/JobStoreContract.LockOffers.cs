using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Tests.Storage;

/// <summary>A lock that is free does not stay so while somebody in its line could run.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task A_first_of_the_line_that_is_paused_leaves_the_lock_to_others()
    {
        await Driver.PutQueueAsync("paused");
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        var paused = await AddLockedAsync("paused");
        var another = await AddLockedAsync("paused", "k");
        var next = await AddLockedAsync();
        var last = await AddLockedAsync();
        await Driver.Store.PauseAsync("paused", paused: true);

        await Driver.SucceedAsync(holder);
        var running = await ClaimInPatienceAsync();
        Assert.Equal(next, running.Id);
        Assert.Equal(WaitReason.Paused, (await Driver.GetAsync(paused)).Waiting!.Reason);

        await Driver.Store.PauseAsync("paused", paused: false);
        Assert.Empty(await Driver.ClaimNowAsync()); // whoever was let in finds it taken again
        foreach (var expected in new[] { paused, another, last })
        {
            await Driver.SucceedAsync(running);
            running = Assert.Single(await Driver.ClaimAsync());
            Assert.Equal(expected, running.Id);
        }
    }

    [Fact]
    public async Task A_first_of_the_line_that_stands_at_a_limit_leaves_the_lock_to_others()
    {
        await Driver.PutRateAsync("hourly", permits: 1, periodSeconds: 3_600);
        await Driver.PutQueueAsync("slow", "hourly");
        await Driver.AddAsync(Driver.NewJob("slow"));
        await Driver.ClaimAsync();
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        await AddLockedAsync("slow");
        var next = await AddLockedAsync();

        await Driver.SucceedAsync(holder);

        Assert.Equal(next, (await ClaimInPatienceAsync()).Id);
    }

    [Fact]
    public async Task A_first_of_the_line_that_is_cancelled_in_its_lane_gives_way_to_the_next()
    {
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        var waiting = new[] { await AddLockedAsync(), await AddLockedAsync(), await AddLockedAsync() };
        await Driver.SucceedAsync(holder);
        Driver.Permits = 0;
        Assert.Empty(await Driver.ClaimNowAsync());
        Assert.NotEqual(WaitReason.Lock, (await Driver.GetAsync(waiting[0])).Waiting!.Reason);

        await Driver.Store.CancelAsync(waiting[0], CancelReason.Request);
        Driver.Permits = 10;

        Assert.Equal(waiting[1], Assert.Single(await Driver.ClaimAsync()).Id);
        Assert.Equal(new Waiting(WaitReason.Lock, Position: 1), (await Driver.GetAsync(waiting[2])).Waiting);
    }

    [Fact]
    public async Task An_urgent_job_still_goes_before_who_was_let_in_and_has_not_started()
    {
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        await AddLockedAsync();
        await AddLockedAsync();
        await Driver.SucceedAsync(holder);
        Driver.Permits = 0;
        Assert.Empty(await Driver.ClaimNowAsync());

        var urgent = await AddLockedAsync(priority: 5);
        Driver.Permits = 10;

        Assert.Equal(urgent, Assert.Single(await Driver.ClaimAsync()).Id);
        Assert.Empty(await Driver.ClaimNowAsync());
    }

    [Fact]
    public async Task Who_comes_while_nobody_of_the_line_can_run_goes_at_once()
    {
        await Driver.PutQueueAsync("paused");
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        await AddLockedAsync("paused");
        await AddLockedAsync("paused");
        await Driver.Store.PauseAsync("paused", paused: true);
        await Driver.SucceedAsync(holder);
        Assert.Empty(await Driver.ClaimNowAsync());

        var next = await AddLockedAsync();

        Assert.Equal(next, Assert.Single(await Driver.ClaimNowAsync()).Id);
    }

    [Fact]
    public async Task A_free_lock_is_offered_to_every_lane_of_its_line_in_the_end()
    {
        await Driver.PutQueueAsync("paused");
        await AddLockedAsync();
        var holder = Assert.Single(await Driver.ClaimAsync());
        for (var i = 0; i < 100; i++)
            await AddLockedAsync("paused", $"k{i}");
        var runnable = await AddLockedAsync();
        await Driver.Store.PauseAsync("paused", paused: true);

        await Driver.SucceedAsync(holder);

        Assert.Equal(runnable, (await ClaimInPatienceAsync()).Id);
    }

    [Fact]
    public async Task A_flood_of_one_lock_is_put_aside_in_bites_and_others_of_its_key_go()
    {
        await Driver.Store.AddAsync([.. Enumerable.Range(0, 1_800).Select(_ => Driver.NewJob() with { Lock = "one" })]);
        var free = await Driver.AddAsync(Driver.NewJob());

        var claimed = (await Driver.ClaimAsync()).ToList();
        while (claimed.Count < 2)
            claimed.AddRange(await Driver.ClaimAsync());

        Assert.Equal(free, claimed[1].Id);
        Assert.Equal(1_799, (await Driver.Store.CountAsync("q"))!.Queued);
    }

    /// <summary>Many jobs, few locks, queues with and without limits, every kind of end, pauses and restarts: never two holders, and all of them end.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_happens_a_lock_has_one_holder_and_every_job_ends(int seed)
    {
        var chance = new Random(seed);
        await Driver.PutLimitAsync("few", new ConcurrencyDefinition { Permits = 3 });
        await Driver.PutRateAsync("paced", permits: 200);
        await Driver.PutQueueAsync("few", "few");
        await Driver.PutQueueAsync("paced", "paced");
        string[] queues = ["q", "few", "paced"];
        var locks = new Dictionary<JobId, string>();
        var running = new List<ClaimedJob>();

        const int jobs = 150;
        for (var step = 0; await UnfinishedAsync() is var unfinished && (locks.Count < jobs || unfinished > 0); step++)
        {
            Assert.True(step < 10_000, $"{unfinished} jobs never ended, {running.Count} run.");
            if (locks.Count < jobs && chance.Next(3) > 0)
            {
                var job = Driver.NewJob(queues[chance.Next(3)], $"k{chance.Next(4)}") with
                {
                    Lock = $"lock {chance.Next(5)}",
                    Priority = chance.Next(3),
                    MaxAttempts = 50,
                    NotBefore = chance.Next(8) == 0 ? Driver.Store.Now.AddMilliseconds(50) : null,
                    StartBefore = chance.Next(20) == 0 ? Driver.Store.Now.AddMilliseconds(200) : null,
                };
                locks.Add(job.Id, job.Lock!);
                await Driver.AddAsync(job);
            }

            Driver.Permits = chance.Next(4);
            running.AddRange(await Driver.ClaimNowAsync());
            Assert.Equal(running.Count, running.Select(job => locks[job.Id]).Distinct().Count());
            Driver.Time.Advance(TimeSpan.FromMilliseconds(chance.Next(30)));

            if (running.Count > 0 && chance.Next(2) == 0)
            {
                var job = running[chance.Next(running.Count)];
                running.Remove(job);
                Assert.Equal(1, await Driver.FinishAsync(job, End(chance), started: true));
            }

            if (chance.Next(15) == 0)
                await Driver.Store.PauseAsync(queues[chance.Next(3)], paused: locks.Count < jobs && chance.Next(2) == 0);
            if (locks.Count == jobs)
            {
                foreach (var queue in queues)
                    await Driver.Store.PauseAsync(queue, paused: false);
            }

            if (locks.Count > 0 && chance.Next(40) == 0)
                await Driver.Store.CancelAsync(locks.Keys.ElementAt(chance.Next(locks.Count)), CancelReason.Request);
            if (chance.Next(100) == 0)
            {
                await ReopenAsync();
                running.Clear();
            }
        }

        async Task<long> UnfinishedAsync() => (await Task.WhenAll(queues.Select(Driver.Store.CountAsync))).Sum(counts => counts!.Queued + counts.Running);
    }

    private static JobOutcome End(Random chance) => chance.Next(8) switch
    {
        0 => new JobOutcome.Failed(StoreDriver.Error()),
        1 => new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero),
        2 => new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.FromMilliseconds(40)),
        3 => new JobOutcome.Returned(),
        _ => StoreDriver.Success(),
    };

    /// <summary>The one job that starts within the time for which a free lock is left to those it was offered to, some times over.</summary>
    private async Task<ClaimedJob> ClaimInPatienceAsync()
    {
        for (var look = 0; look < 20; look++)
        {
            if (await Driver.ClaimNowAsync() is { Count: > 0 } claimed)
                return Assert.Single(claimed);
            Driver.Time.Advance(TimeSpan.FromMilliseconds(20));
        }

        throw new InvalidOperationException("Nobody took the lock.");
    }
}
