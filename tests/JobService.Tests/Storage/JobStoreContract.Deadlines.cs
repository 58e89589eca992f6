using JobService.Jobs;
using JobService.Limits;

namespace JobService.Tests.Storage;

/// <summary>Deadlines of jobs that have been somewhere before, and what a restart keeps of slots in hand.</summary>
public abstract partial class JobStoreContract
{
    [Theory]
    [InlineData("retried")]
    [InlineData("unstarted")]
    [InlineData("returned")]
    public async Task A_deadline_that_passes_while_the_job_runs_ends_it_when_it_comes_back(string how)
    {
        var id = await Driver.AddAsync(Driver.NewJob() with { StartBefore = Driver.Store.Now.AddSeconds(1) });
        var running = Assert.Single(await Driver.ClaimAsync());
        Driver.Time.Advance(TimeSpan.FromSeconds(2));
        await Driver.ClaimNowAsync();

        await Driver.FinishAsync(running, how switch
        {
            "retried" => new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero),
            "unstarted" => new JobOutcome.Unstarted(),
            _ => new JobOutcome.Returned(),
        }, started: how != "unstarted");

        Assert.Empty(await Driver.ClaimNowAsync());
        var job = await Driver.GetAsync(id);
        Assert.Equal((JobState.Cancelled, CancelReason.Deadline), (job.State, job.CancelReason));
    }

    [Fact]
    public async Task A_deadline_holds_for_a_job_that_a_crash_has_freed()
    {
        var id = await Driver.AddAsync(Driver.NewJob() with { StartBefore = Driver.Store.Now.AddSeconds(1) });
        await Driver.ClaimAsync();
        await ReopenAsync();
        await Driver.Store.PauseAsync("q", paused: true);

        Driver.Time.Advance(TimeSpan.FromSeconds(2));
        await Driver.ClaimNowAsync();

        Assert.Equal(CancelReason.Deadline, (await Driver.GetAsync(id)).CancelReason);
    }

    [Fact]
    public async Task A_deadline_holds_for_a_job_that_is_retried_by_request()
    {
        var id = await Driver.AddAsync(Driver.NewJob() with { StartBefore = Driver.Store.Now.AddSeconds(1) });
        var running = Assert.Single(await Driver.ClaimAsync());
        await Driver.FinishAsync(running, new JobOutcome.Failed(StoreDriver.Error()));
        await Driver.Store.PauseAsync("q", paused: true);
        await ReopenAsync();
        await Driver.Store.RetryAsync(id);

        Driver.Time.Advance(TimeSpan.FromSeconds(2));
        await Driver.ClaimNowAsync();

        Assert.Equal(CancelReason.Deadline, (await Driver.GetAsync(id)).CancelReason);
    }

    [Fact]
    public async Task Slots_handed_out_ahead_are_not_handed_out_again_after_a_restart()
    {
        await Driver.PutRateAsync("fast", permits: 1_000);
        await Driver.PutQueueAsync("paced", "fast");
        await Driver.AddManyAsync(40, "paced");
        var before = await Driver.ClaimAsync();
        Assert.InRange(before.Count, 5, 39);

        await ReopenAsync();
        var after = await Driver.ClaimNowAsync();

        Assert.All(after, job => Assert.True(job.Slot!.Value.At >= before[^1].Slot!.Value.At.AddMilliseconds(1)));
    }

    [Fact]
    public async Task A_slower_rate_is_kept_over_a_restart()
    {
        await Driver.PutRateAsync("rate", permits: 10);
        await Driver.PutQueueAsync("paced", "rate");
        await Driver.AddManyAsync(2, "paced");
        await Driver.ClaimAsync();
        await Driver.PutRateAsync("rate", permits: 1, periodSeconds: 3_600);

        await ReopenAsync();
        Driver.Time.Advance(TimeSpan.FromSeconds(60));

        Assert.DoesNotContain(await Driver.ClaimNowAsync(), job => job.Queue.Name == "paced");
    }

    [Fact]
    public async Task Every_combination_of_filters_finds_what_it_should()
    {
        var tagged = await Driver.AddAsync(Driver.NewJob(key: "k") with { Tags = new Dictionary<string, string> { ["t"] = "1" } });
        await Driver.AddAsync(Driver.NewJob(key: "other"));
        await Driver.AddAsync(Driver.NewJob());

        JobState?[] states = [null, JobState.Queued, JobState.Running, JobState.Succeeded, JobState.Failed, JobState.Cancelled];
        foreach (var state in states)
        {
            foreach (var queue in new[] { null, "q", "none" })
            {
                foreach (var key in new[] { null, "", "k" })
                {
                    foreach (var tag in new (string, string)?[] { null, ("t", "1") })
                    {
                        var filter = new JobService.Storage.JobFilter { Queue = queue, State = state, Key = key, Tag = tag };
                        var found = await Driver.Store.ListAsync(filter, 10, before: null, TestContext.Current.CancellationToken);
                        Assert.Equal(state is null or JobState.Queued && queue != "none" && key != "", found.Any(job => job.Id == tagged));
                        if (state is null)
                            await Driver.Store.RetryManyAsync(filter);
                    }
                }
            }
        }
    }

    [Fact]
    public async Task A_listener_that_throws_takes_nothing_back_and_silences_nobody()
    {
        var told = new List<JobId>();
        Driver.Store.Committed += _ => throw new InvalidOperationException("a bug of somebody else");
        Driver.Store.Committed += news => told.AddRange(news.Ended.Select(ended => ended.Job));
        var id = await Driver.AddAsync(Driver.NewJob());
        var running = Assert.Single(await Driver.ClaimAsync());

        Assert.Equal(1, await Driver.SucceedAsync(running));

        Assert.Equal([id], told);
        Assert.Equal(JobState.Succeeded, (await Driver.GetAsync(id)).State);
    }
}
