using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Storage;

/// <summary>Whoever is to be told of a batch is told when its last job has ended.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task The_last_end_of_a_batch_is_told_once_and_again_when_it_was_reopened()
    {
        var batch = Telling(Driver.NewJob().Id);
        var jobs = new[] { InBatch(batch, 0), InBatch(batch, 1) };
        Assert.IsType<Addition.BatchAccepted>(await Driver.Store.AddBatchAsync(batch, jobs));
        await Driver.Store.CancelAsync(jobs[0].Id, CancelReason.Request);
        Assert.Empty(await Driver.Deliveries.ReceiversAsync());

        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        await ReopenAsync();

        var told = await OpenOnlyAsync();
        Assert.Equal(("batch.finished", batch.Id, 2L, 1L, 1L, BatchState.Cancelled),
            (told.Type, told.Batch!.Id, told.Batch.Total, told.Batch.Succeeded, told.Batch.Cancelled, told.Batch.State));
        Assert.Equal(Url, (await Driver.Store.FindBatchAsync(batch.Id))!.CallbackUrl);

        await Driver.Store.RetryAsync(jobs[0].Id);
        Assert.Equal((1L, BatchState.Cancelled), ((await OpenOnlyAsync()).Batch!.Cancelled, (await OpenOnlyAsync()).Batch!.State));
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));

        var events = await Driver.Deliveries.DeliveriesAsync(batch.Id, 10);
        Assert.Equal(2, events.Select(delivery => delivery.Id).Distinct().Count());
        Assert.Equal(BatchState.Succeeded, (await Driver.Deliveries.OpenAsync(events[0].Id))!.Batch!.State);
    }

    [Fact]
    public async Task An_upload_that_a_crash_has_cut_is_told_when_the_last_of_what_came_ends()
    {
        var batch = Telling(Driver.NewJob().Id);
        await Driver.Store.OpenBatchAsync(batch);
        await Driver.AddAsync(InBatch(batch, 0));
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        Assert.Empty(await Driver.Deliveries.ReceiversAsync());

        await ReopenAsync();

        Assert.Equal(1, (await OpenOnlyAsync()).Batch!.Total);
    }

    [Fact]
    public async Task A_batch_is_kept_until_its_end_was_told_and_takes_its_deliveries_with_it()
    {
        var batch = Telling(Driver.NewJob().Id);
        await Driver.Store.AddBatchAsync(batch, [InBatch(batch, 0)]);
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        var work = await OpenOnlyAsync();
        Driver.Time.Advance(TimeSpan.FromDays(1));
        await Driver.Store.PruneAsync(Driver.Store.Now, 100);
        await Driver.Store.PruneAsync(Driver.Store.Now, 100);
        Assert.NotNull(await Driver.Store.FindBatchAsync(batch.Id));

        await Driver.Deliveries.FinishTryAsync(Delivered(work));
        await Driver.Store.PruneAsync(Driver.Store.Now, 100);

        Assert.Null(await Driver.Store.FindBatchAsync(batch.Id));
        Assert.Empty(await Driver.Deliveries.DeliveriesAsync(batch.Id, 10));
    }

    private static NewBatch Telling(JobId batch) => new(batch, "q", Callback: new Callback(Url, new HeaderValue.Text(Secret)));

    private NewJob InBatch(NewBatch batch, int index) => Driver.NewJob() with { Batch = new BatchPlace(batch.Id, index) };
}
