using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Tests.Storage;

/// <summary>A batch that is told to stop, by request or because one of its jobs failed.</summary>
public abstract partial class JobStoreContract
{
    private const int ManyJobs = 1_800;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_first_failure_takes_the_others_with_it_if_the_batch_says_so(bool cancelOnFailure)
    {
        var told = new List<StopRequest>();
        Driver.Store.Committed += news => told.AddRange(news.StopRequests);
        Driver.Permits = 2;
        var batch = await Driver.AddBatchAsync(4, cancelOnFailure);
        var running = await Driver.ClaimAsync();

        await Driver.FinishAsync(running[0], new JobOutcome.Failed(StoreDriver.Error()));
        await Driver.ClaimNowAsync();

        if (!cancelOnFailure)
        {
            Assert.Empty(told);
            Assert.Equal((null, 0L), ((await Driver.BatchAsync(batch.Id)).CancelReason, (await Driver.BatchAsync(batch.Id)).Cancelled));
            return;
        }

        Assert.Equal([new StopRequest(running[1].Id, CancelReason.Batch)], told);
        await Driver.FinishAsync(running[1], new JobOutcome.Cancelled(CancelReason.Batch));
        var ended = await Driver.BatchAsync(batch.Id);
        Assert.Equal((1L, 3L, CancelReason.Batch, true), (ended.Failed, ended.Cancelled, ended.CancelReason, ended.FinishedAt is not null));
        Assert.All((await Driver.ResultsAsync(batch.Id)).Items.Skip(1), result => Assert.Equal(CancelReason.Batch, result.CancelReason));
    }

    [Fact]
    public async Task Others_have_their_turns_while_a_large_batch_is_told_to_stop()
    {
        var chunks = new List<int>();
        Task? others = null;
        Driver.Store.Committed += news =>
        {
            if (news.Ended.Count > 0)
                chunks.Add(news.Ended.Count);
            others ??= Driver.AddAsync(Driver.NewJob());
        };
        var batch = await Driver.AddBatchAsync(ManyJobs);

        await Driver.Store.CancelBatchAsync(batch.Id, CancelReason.Request);
        await others!;
        Assert.Equal(ManyJobs, (await Driver.StoppedAsync(batch.Id)).Cancelled);

        Assert.Equal(ManyJobs, chunks.Sum());
        Assert.All(chunks, chunk => Assert.InRange(chunk, 1, 500));
    }

    [Fact]
    public async Task A_restart_in_the_middle_goes_on_telling()
    {
        var told = 0;
        var batch = await Driver.AddBatchAsync(ManyJobs);
        Driver.Store.Committed += news =>
        {
            // The store's thread goes no further than this chunk: the end of the store has come when it refuses a question.
            told += news.Ended.Count;
            if (news.Ended.Count > 0)
                SpinWait.SpinUntil(() => IsClosed(Driver.Store), TimeSpan.FromSeconds(10));
        };
        var cancel = Driver.Store.CancelBatchAsync(batch.Id, CancelReason.Request);

        await ReopenAsync();

        Assert.IsType<BatchCancelOutcome.Stopping>(await cancel);
        Assert.InRange(told, 1, ManyJobs - 1);
        var ended = await Driver.StoppedAsync(batch.Id);
        Assert.Equal(((long)ManyJobs, (long)ManyJobs, CancelReason.Request), (ended.Cancelled, ended.LastCompletion, ended.CancelReason));
        Assert.Equal(Enumerable.Range(1, ManyJobs).Select(number => (long)number), (await Driver.ResultsAsync(batch.Id)).Items.Select(result => result.Completion));
    }

    [Fact]
    public async Task Cancelling_again_changes_nothing_and_what_is_over_cannot_be_cancelled()
    {
        var over = await Driver.AddBatchAsync(1);
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        var batch = await Driver.AddBatchAsync(1);

        Assert.IsType<BatchCancelOutcome.Stopping>(await Driver.Store.CancelBatchAsync(batch.Id, CancelReason.Request));
        Assert.IsType<BatchCancelOutcome.Stopping>(await Driver.Store.CancelBatchAsync(batch.Id, CancelReason.Disconnect));
        Assert.IsType<BatchCancelOutcome.Finished>(await Driver.Store.CancelBatchAsync(over.Id, CancelReason.Request));
        Assert.IsType<BatchCancelOutcome.NotFound>(await Driver.Store.CancelBatchAsync(Driver.NewBatch().Id, CancelReason.Request));
        Assert.Equal(CancelReason.Request, (await Driver.BatchAsync(batch.Id)).CancelReason);
        Assert.Null((await Driver.BatchAsync(over.Id)).CancelReason);
    }

    [Fact]
    public async Task A_batch_that_is_cancelled_while_it_is_filled_takes_nothing_more_in_however_full_the_queue()
    {
        await Driver.PutQueueAsync("small", new QueueDefinition { Capacity = 1 });
        await Driver.AddManyAsync(1, "small");
        var batch = Driver.NewBatch();
        await Driver.Store.OpenBatchAsync(batch);
        await Driver.AddAsync(Driver.JobsOf(batch, 1)[0]);
        Assert.IsType<Addition.Full>(await Driver.SubmitAsync(Driver.JobsOf(batch, 1, first: 1, queue: "small")[0]));

        await Driver.Store.CancelBatchAsync(batch.Id, CancelReason.Request);

        Assert.IsType<Addition.BatchStopped>(await Driver.SubmitAsync(Driver.JobsOf(batch, 1, first: 1, queue: "small")[0]));
        Assert.Equal((true, 1L), ((await Driver.StoppedAsync(batch.Id)).IsOver, (await Driver.BatchAsync(batch.Id)).Cancelled));
    }

    [Fact]
    public async Task A_job_that_is_retried_while_its_batch_is_told_to_stop_is_told_so_too()
    {
        var batch = await Driver.AddBatchAsync(ManyJobs);
        Task<RetryOutcome>? retry = null;
        Driver.Store.Committed += news =>
        {
            if (news.Ended is [var first, ..])
                retry ??= Driver.Store.RetryAsync(first.Job);
        };

        await Driver.Store.CancelBatchAsync(batch.Id, CancelReason.Request);
        Assert.Equal(ManyJobs, (await Driver.StoppedAsync(batch.Id)).Cancelled);

        Assert.IsType<RetryOutcome.Requeued>(await retry!);
        Assert.Equal(ManyJobs + 1, (await Driver.BatchAsync(batch.Id)).LastCompletion);
    }

    [Fact]
    public async Task A_batch_that_was_cancelled_and_retried_can_be_cancelled_again()
    {
        var batch = await Driver.AddBatchAsync(2);
        await Driver.Store.CancelBatchAsync(batch.Id, CancelReason.Request);
        await Driver.StoppedAsync(batch.Id);

        Assert.Equal((2L, 2L), await Driver.Store.RetryManyAsync(new JobFilter { Batch = batch.Id }));
        var reopened = await Driver.BatchAsync(batch.Id);
        Assert.Equal((2L, null), (reopened.Queued, reopened.CancelReason));

        await Driver.Store.CancelBatchAsync(batch.Id, CancelReason.Request);
        Assert.Equal((2L, 4L), ((await Driver.StoppedAsync(batch.Id)).Cancelled, (await Driver.BatchAsync(batch.Id)).LastCompletion));
    }

    private static bool IsClosed(IJobStore store)
    {
        try
        {
            _ = store.CountAsync("q");
            return false;
        }
        catch (StorageUnavailableException)
        {
            return true;
        }
    }
}
