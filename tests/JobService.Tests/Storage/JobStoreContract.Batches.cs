using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Tests.Storage;

/// <summary>How batches come in.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task A_batch_is_taken_in_as_a_whole_and_is_there_after_a_restart()
    {
        var batch = await Driver.AddBatchAsync(3, cancelOnFailure: true);
        Assert.Equal((3L, 3L, false, false), (batch.Total, batch.Queued, batch.IsOpen, batch.IsOver));

        await ReopenAsync();

        Assert.Equal(batch, await Driver.BatchAsync(batch.Id));
        Assert.Equal(3, (await Driver.ClaimAsync()).Count);
        Assert.Equal((0L, 3L), ((await Driver.BatchAsync(batch.Id)).Queued, (await Driver.BatchAsync(batch.Id)).Running));
    }

    [Theory]
    [InlineData("queue")]
    [InlineData("weight")]
    [InlineData("request")]
    public async Task One_job_that_can_never_be_taken_in_keeps_all_out(string wrong)
    {
        await Driver.PutRateAsync("even", permits: 10);
        await Driver.PutQueueAsync("limited", "even");
        var batch = Driver.NewBatch();
        var jobs = Driver.JobsOf(batch, 3, queue: "limited");
        jobs[2] = wrong switch
        {
            "queue" => jobs[2] with { Queue = "nowhere" },
            "weight" => jobs[2] with { Weight = 2 },
            _ => jobs[2] with { Request = new ApiRequest { Method = "GET" } },
        };

        var refused = Assert.IsType<Addition.JobRefused>(await Driver.Store.AddBatchAsync(batch, jobs));

        Assert.Equal(2, refused.Index);
        Assert.Null(await Driver.Store.FindBatchAsync(batch.Id));
        Assert.Empty(await Driver.ClaimNowAsync());
        Assert.Equal(new QueueCounts(0, 0, 0, 0, 0), await Driver.Store.CountAsync("limited"));
    }

    [Fact]
    public async Task A_batch_needs_room_for_all_of_its_jobs_in_every_queue()
    {
        await Driver.PutQueueAsync("small", new QueueDefinition { Capacity = 3 });
        await Driver.AddManyAsync(2, "small");
        var batch = Driver.NewBatch();
        NewJob[] jobs = [.. Driver.JobsOf(batch, 2), .. Driver.JobsOf(batch, 3, first: 2, queue: "small")];

        Assert.Equal(new Addition.Full("small", Missing: 2), await Driver.Store.AddBatchAsync(batch, jobs));
        Assert.Null(await Driver.Store.FindBatchAsync(batch.Id));
        Assert.Equal(new QueueCounts(0, 0, 0, 0, 0), await Driver.Store.CountAsync("q"));

        foreach (var job in await Driver.ClaimAsync())
            await Driver.SucceedAsync(job);
        Assert.Equal(5, Assert.IsType<Addition.BatchAccepted>(await Driver.Store.AddBatchAsync(batch, jobs)).Batch.Total);
        Assert.Equal(3, (await Driver.Store.CountAsync("small"))!.Queued);
    }

    [Fact]
    public async Task A_batch_that_would_never_fit_hears_so_also_while_the_queue_is_full()
    {
        await Driver.PutQueueAsync("small", new QueueDefinition { Capacity = 2 });
        await Driver.AddManyAsync(2, "small");
        var batch = Driver.NewBatch();

        Assert.Equal(new Addition.OverCapacity("small", 2), await Driver.Store.AddBatchAsync(batch, Driver.JobsOf(batch, 3, queue: "small")));
    }

    [Fact]
    public async Task A_batch_of_nothing_is_over_at_once()
    {
        var batch = await Driver.AddBatchAsync(0);

        Assert.True(batch.IsOver);
        Assert.Equal(batch.CreatedAt, batch.FinishedAt);
        Assert.IsType<BatchCancelOutcome.Finished>(await Driver.Store.CancelBatchAsync(batch.Id, CancelReason.Request));
    }

    [Fact]
    public async Task The_same_submission_again_is_the_same_batch()
    {
        var key = new IdempotencyKey("monday", new byte[] { 1, 2, 3 });
        var first = await Driver.AddBatchAsync(Driver.NewBatch(idempotency: key), 2);
        await ReopenAsync();
        var again = Driver.NewBatch(idempotency: key);
        var other = Driver.NewBatch(idempotency: key with { Fingerprint = new byte[] { 4 } });

        Assert.Equal(new Addition.Replayed(first.Id), await Driver.Store.AddBatchAsync(again, Driver.JobsOf(again, 2)));
        Assert.IsType<Addition.Mismatched>(await Driver.Store.AddBatchAsync(other, Driver.JobsOf(other, 2)));
        Assert.IsType<Addition.Mismatched>(await Driver.SubmitAsync(Driver.NewJob() with { Idempotency = other.Idempotency }));
        Assert.Equal(2, (await Driver.ClaimAsync()).Count);
    }

    [Fact]
    public async Task A_batch_that_is_filled_piece_by_piece_is_not_over_before_it_is_closed()
    {
        var batch = Driver.NewBatch();
        Assert.True((await Driver.Store.OpenBatchAsync(batch)).IsOpen);
        await Driver.Store.AddAsync(Driver.JobsOf(batch, 2));
        await Driver.Store.AddAsync(Driver.JobsOf(batch, 1, first: 2));
        foreach (var job in await Driver.ClaimAsync())
            await Driver.SucceedAsync(job);
        var open = await Driver.BatchAsync(batch.Id);
        Assert.Equal((3L, 3L, false, true), (open.Total, open.Succeeded, open.IsOver, open.FinishedAt is null));

        Driver.Time.Advance(TimeSpan.FromSeconds(5));
        var closed = await Driver.Store.CloseBatchAsync(batch.Id);

        Assert.Equal((true, Driver.Store.Now), (closed!.IsOver, closed.FinishedAt));
        Assert.IsType<Addition.BatchStopped>(await Driver.SubmitAsync(Driver.JobsOf(batch, 1, first: 3)[0]));
        Assert.Null(await Driver.Store.CloseBatchAsync(Driver.NewBatch().Id));
    }

    [Fact]
    public async Task Behind_a_job_of_a_piece_that_was_not_taken_in_none_is()
    {
        await Driver.PutQueueAsync("small", new QueueDefinition { Capacity = 1 });
        var batch = Driver.NewBatch();
        await Driver.Store.OpenBatchAsync(batch);
        NewJob[] jobs = [.. Driver.JobsOf(batch, 2, queue: "small"), .. Driver.JobsOf(batch, 1, first: 2), Driver.NewJob()];

        var additions = await Driver.Store.AddAsync(jobs);

        Assert.Equal([typeof(Addition.Accepted), typeof(Addition.Full), typeof(Addition.Full), typeof(Addition.Accepted)], additions.Select(one => one.GetType()));
        Assert.Equal(1, (await Driver.BatchAsync(batch.Id)).Total);
    }

    [Fact]
    public async Task An_upload_dies_with_its_process_and_the_next_opening_closes_the_batch()
    {
        var ended = Driver.NewBatch();
        var waiting = Driver.NewBatch();
        foreach (var batch in new[] { ended, waiting })
            await Driver.Store.OpenBatchAsync(batch);
        await Driver.AddAsync(Driver.JobsOf(ended, 1)[0]);
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        await Driver.AddAsync(Driver.JobsOf(waiting, 1)[0]);

        await ReopenAsync();

        Assert.Equal((false, true), ((await Driver.BatchAsync(ended.Id)).IsOpen, (await Driver.BatchAsync(ended.Id)).FinishedAt is not null));
        Assert.Equal((false, true), ((await Driver.BatchAsync(waiting.Id)).IsOpen, (await Driver.BatchAsync(waiting.Id)).FinishedAt is null));
    }

    [Fact]
    public async Task Who_follows_a_batch_hears_of_each_change()
    {
        var told = new List<JobId>();
        Driver.Store.Committed += news => told.AddRange(news.Batches);
        var batch = Driver.NewBatch();

        await Driver.Store.OpenBatchAsync(batch);
        await Driver.AddAsync(Driver.JobsOf(batch, 1)[0]);
        var job = Assert.Single(await Driver.ClaimAsync());
        told.Clear();
        await Driver.SucceedAsync(job);
        Assert.Equal([batch.Id], told);
        await Driver.Store.CloseBatchAsync(batch.Id);
        Assert.Equal([batch.Id, batch.Id], told);
    }

    [Fact]
    public async Task Jobs_are_found_by_their_batch_and_know_their_place()
    {
        var batch = await Driver.AddBatchAsync(3);
        await Driver.AddAsync(Driver.NewJob());

        var jobs = await Driver.Store.ListAsync(new JobFilter { Batch = batch.Id }, 10, before: null, TestContext.Current.CancellationToken);

        Assert.Equal([new(batch.Id, 2), new(batch.Id, 1), new(batch.Id, 0)], jobs.Select(job => job.Batch!.Value));
        Assert.Equal(new BatchPlace(batch.Id, 1), (await Driver.GetAsync(jobs[1].Id)).Batch);
    }
}
