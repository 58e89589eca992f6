using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Tests.Storage;

/// <summary>Each end of a job of a batch is counted once, and gets the next number.</summary>
public abstract partial class JobStoreContract
{
    [Theory]
    [InlineData("succeeded")]
    [InlineData("failed")]
    [InlineData("cancelled while it waited")]
    [InlineData("cancelled while it ran")]
    [InlineData("late")]
    [InlineData("purged")]
    [InlineData("crashed")]
    [InlineData("crashed while it was told to stop")]
    public async Task Every_kind_of_end_is_counted_once_and_finishes_the_batch(string end)
    {
        var batch = Driver.NewBatch();
        var deadline = end == "late" ? Driver.Store.Now.AddSeconds(1) : (DateTimeOffset?)null;
        await Driver.Store.AddBatchAsync(batch, [.. Driver.JobsOf(batch, 2).Select(job => job with { MaxAttempts = 1, StartBefore = deadline })]);
        var ids = (await Driver.Store.ListAsync(new JobFilter { Batch = batch.Id }, 2, before: null, TestContext.Current.CancellationToken)).Select(job => job.Id).ToList();
        var state = await EndAsync(end, ids);

        var ended = await Driver.BatchAsync(batch.Id);
        Assert.Equal((0L, 0L, true, 2L), (ended.Queued, ended.Running, ended.IsOver, ended.LastCompletion));
        Assert.Equal((2L, Driver.Store.Now), (CountOf(ended, state), ended.FinishedAt));
        Assert.Equal([1, 2], (await Driver.ResultsAsync(batch.Id)).Items.Select(result => result.Completion));

        await ReopenAsync();
        Assert.Equal((2L, 2L), (CountOf(await Driver.BatchAsync(batch.Id), state), (await Driver.BatchAsync(batch.Id)).LastCompletion));
    }

    [Fact]
    public async Task Ends_are_numbered_in_their_order_over_restarts()
    {
        var batch = await Driver.AddBatchAsync(60);
        var claimed = (await Driver.ClaimAsync()).Reverse().ToList();
        await Driver.Store.FinishAsync([.. claimed.Take(20).Select(job => Driver.End(job, StoreDriver.Success()))]);
        await ReopenAsync();
        foreach (var job in (await Driver.ClaimAsync()).Skip(1))
            await Driver.SucceedAsync(job);

        var results = (await Driver.ResultsAsync(batch.Id)).Items;
        Assert.Equal(Enumerable.Range(1, 59).Select(number => (long)number), results.Select(result => result.Completion));
        Assert.Equal(59, results.Select(result => result.Index).Distinct().Count());
        Assert.Equal(claimed.Take(20).Select(job => job.Id), results.Take(20).Select(result => result.Job));
    }

    [Fact]
    public async Task An_attempt_that_has_lost_its_lease_counts_nothing()
    {
        var batch = await Driver.AddBatchAsync(1);
        var claimed = Assert.Single(await Driver.ClaimAsync());

        await Driver.SucceedAsync(claimed);
        await Driver.FinishAsync(claimed, new JobOutcome.Failed(StoreDriver.Error()));

        var ended = await Driver.BatchAsync(batch.Id);
        Assert.Equal((1L, 0L, 1L), (ended.Succeeded, ended.Failed, ended.LastCompletion));
    }

    [Fact]
    public async Task What_goes_round_again_has_not_ended()
    {
        var batch = await Driver.AddBatchAsync(1);

        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero));
        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Returned());

        Assert.Equal((1L, 0L, 0L), ((await Driver.BatchAsync(batch.Id)).Queued, (await Driver.BatchAsync(batch.Id)).Ended, (await Driver.BatchAsync(batch.Id)).LastCompletion));
        Assert.Empty((await Driver.ResultsAsync(batch.Id)).Items);
    }

    [Fact]
    public async Task A_retry_by_request_reopens_the_batch_and_its_end_gets_a_new_number()
    {
        var batch = await Driver.AddBatchAsync(2);
        foreach (var job in await Driver.ClaimAsync())
            await Driver.FinishAsync(job, new JobOutcome.Failed(StoreDriver.Error()));
        var first = (await Driver.ResultsAsync(batch.Id)).Items[0];

        await Driver.Store.RetryAsync(first.Job);
        var reopened = await Driver.BatchAsync(batch.Id);
        Assert.Equal((1L, 1L, false, true), (reopened.Queued, reopened.Failed, reopened.IsOver, reopened.FinishedAt is null));
        Assert.Equal([2], (await Driver.ResultsAsync(batch.Id)).Items.Select(result => result.Completion));
        Assert.Empty((await Driver.ResultsAsync(batch.Id, inInputOrder: true)).Items);

        Driver.Time.Advance(TimeSpan.FromMinutes(1));
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        var ended = await Driver.BatchAsync(batch.Id);
        Assert.Equal((1L, 1L, 3L, Driver.Store.Now), (ended.Succeeded, ended.Failed, ended.LastCompletion, ended.FinishedAt));
        Assert.Equal([(1, 2L), (0, 3L)], (await Driver.ResultsAsync(batch.Id)).Items.Select(result => (result.Index, result.Completion)));
        Assert.Null((await Driver.ResultsAsync(batch.Id)).Items[1].Error);
    }

    [Theory]
    [InlineData(0.5, 2)]
    [InlineData(4, 0.25)]
    public async Task The_pace_is_that_of_the_last_ends_and_survives_a_restart(double secondsBetween, double pace)
    {
        var batch = await Driver.AddBatchAsync(100);
        Assert.Null((await Driver.BatchAsync(batch.Id)).EndsPerSecond);
        foreach (var job in (await Driver.ClaimAsync()).Take(40))
        {
            Driver.Time.Advance(TimeSpan.FromSeconds(secondsBetween));
            await Driver.SucceedAsync(job);
        }

        Assert.Equal(pace, (await Driver.BatchAsync(batch.Id)).EndsPerSecond!.Value, pace / 20);
        await ReopenAsync();
        Assert.Equal(pace, (await Driver.BatchAsync(batch.Id)).EndsPerSecond!.Value, pace / 20);
    }

    [Fact]
    public async Task Finished_jobs_are_kept_as_long_as_their_batch_and_the_batch_goes_last()
    {
        var key = new IdempotencyKey("monday", new byte[] { 1 });
        var batch = await Driver.AddBatchAsync(Driver.NewBatch(idempotency: key), 2);
        var claimed = await Driver.ClaimAsync();
        await Driver.SucceedAsync(claimed[0]);
        Driver.Time.Advance(TimeSpan.FromDays(30));
        Assert.Equal(0, (await Driver.Store.PruneAsync(Driver.Store.Now, 10)).Deleted);
        await Driver.SucceedAsync(claimed[1]);
        Assert.Equal(0, (await Driver.Store.PruneAsync(Driver.Store.Now, 10)).Deleted);

        Driver.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, (await Driver.Store.PruneAsync(Driver.Store.Now, 1)).Deleted);
        Assert.Single((await Driver.ResultsAsync(batch.Id)).Items);
        await Driver.Store.PruneAsync(Driver.Store.Now, 1);
        await Driver.Store.PruneAsync(Driver.Store.Now, 1);

        Assert.Null(await Driver.Store.FindBatchAsync(batch.Id));
        Assert.IsType<Addition.Accepted>(await Driver.SubmitAsync(Driver.NewJob() with { Idempotency = key }));
    }

    private async Task<JobState> EndAsync(string end, List<JobId> ids)
    {
        switch (end)
        {
            case "succeeded":
                await Driver.Store.FinishAsync([.. (await Driver.ClaimAsync()).Select(job => Driver.End(job, StoreDriver.Success()))]);
                return JobState.Succeeded;
            case "failed":
                await Driver.Store.FinishAsync([.. (await Driver.ClaimAsync()).Select(job => Driver.End(job, new JobOutcome.Failed(StoreDriver.Error())))]);
                return JobState.Failed;
            case "cancelled while it waited":
                foreach (var id in ids)
                    await Driver.Store.CancelAsync(id, CancelReason.Request);
                return JobState.Cancelled;
            case "cancelled while it ran":
                foreach (var job in await Driver.ClaimAsync())
                {
                    await Driver.Store.CancelAsync(job.Id, CancelReason.Request);
                    await Driver.FinishAsync(job, new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero));
                }

                return JobState.Cancelled;
            case "late":
                await Driver.Store.PauseAsync("q", paused: true);
                Driver.Time.Advance(TimeSpan.FromSeconds(2));
                await Driver.ClaimNowAsync();
                return JobState.Cancelled;
            case "purged":
                await Driver.Store.CancelManyAsync(new JobFilter { Queue = "q" }, CancelReason.Purge);
                return JobState.Cancelled;
            case "crashed":
                await Driver.ClaimAsync();
                await ReopenAsync();
                return JobState.Failed;
            default:
                await Driver.ClaimAsync();
                foreach (var id in ids)
                    await Driver.Store.CancelAsync(id, CancelReason.Request);
                await ReopenAsync();
                return JobState.Cancelled;
        }
    }

    private static long CountOf(Batch batch, JobState state) => state switch
    {
        JobState.Succeeded => batch.Succeeded,
        JobState.Failed => batch.Failed,
        _ => batch.Cancelled,
    };
}
