using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Tests.Storage;

/// <summary>gather, as_completed and wait, as the store reads them.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task In_input_order_a_job_that_has_not_ended_holds_up_those_behind_it()
    {
        var batch = await Driver.AddBatchAsync(4);
        var claimed = await Driver.ClaimAsync();
        foreach (var index in (int[])[3, 0, 2])
            await Driver.SucceedAsync(claimed[index]);

        var page = await Driver.ResultsAsync(batch.Id, inInputOrder: true);
        Assert.Equal([0], page.Items.Select(result => result.Index));
        Assert.False(page.IsCut);
        Assert.Empty((await Driver.ResultsAsync(batch.Id, inInputOrder: true, after: 0)).Items);
        Assert.Equal([0, 2, 3], (await Driver.ResultsAsync(batch.Id, inInputOrder: true, passHoles: true)).Items.Select(result => result.Index));

        await Driver.SucceedAsync(claimed[1]);
        Assert.Equal([1, 2, 3], (await Driver.ResultsAsync(batch.Id, inInputOrder: true, after: 0)).Items.Select(result => result.Index));
    }

    [Fact]
    public async Task In_the_order_of_completion_each_comes_once_and_only_up_to_the_number_that_is_asked_for()
    {
        var batch = await Driver.AddBatchAsync(5);
        foreach (var job in (await Driver.ClaimAsync()).Reverse())
            await Driver.SucceedAsync(job);

        var first = await Driver.ResultsAsync(batch.Id, limit: 2);
        Assert.Equal([4, 3], first.Items.Select(result => result.Index));
        Assert.True(first.IsCut);
        var rest = await Driver.ResultsAsync(batch.Id, after: first.Items[^1].Completion);
        Assert.Equal([2, 1, 0], rest.Items.Select(result => result.Index));
        Assert.False(rest.IsCut);
        Assert.Equal([2, 3], (await Driver.ResultsAsync(batch.Id, after: 1, upTo: 3)).Items.Select(result => result.Completion));
        Assert.Equal([3, 4], (await Driver.ResultsAsync(batch.Id, inInputOrder: true, upTo: 2, passHoles: true)).Items.Select(result => result.Index));
        Assert.Equal([2], (await Driver.ResultsAsync(batch.Id, inInputOrder: true, after: 1, limit: 1)).Items.Select(result => result.Index));
    }

    [Fact]
    public async Task A_result_says_how_the_job_ended()
    {
        var batch = await Driver.AddBatchAsync(3);
        var claimed = await Driver.ClaimAsync();
        await Driver.FinishAsync(claimed[0], StoreDriver.Success("""{"a":1}"""));
        await Driver.FinishAsync(claimed[1], new JobOutcome.Failed(StoreDriver.Error()));
        await Driver.FinishAsync(claimed[2], new JobOutcome.Cancelled(CancelReason.Request));

        var items = (await Driver.ResultsAsync(batch.Id, inInputOrder: true)).Items;

        Assert.Equal(claimed.Select(job => job.Id), items.Select(result => result.Job));
        Assert.Equal([JobState.Succeeded, JobState.Failed, JobState.Cancelled], items.Select(result => result.State));
        Assert.Equal("""{"a":1}"""u8.ToArray(), items[0].Result!.Body!.Value.ToArray());
        Assert.Equal((200, "application/json", 7L), (items[0].Result!.Status, items[0].Result!.ContentType, items[0].Result!.Length));
        Assert.Equal((null, StoreDriver.Error()), (items[1].Result, items[1].Error));
        Assert.Equal((null, null, CancelReason.Request), (items[2].Result, items[2].Error, items[2].CancelReason));
    }

    [Fact]
    public async Task A_page_ends_with_the_bytes_that_it_may_have_and_large_bodies_stay_out()
    {
        var batch = await Driver.AddBatchAsync(12);
        var claimed = await Driver.ClaimAsync();
        await Driver.FinishAsync(claimed[0], StoreDriver.Success(new string('1', 65_537)));
        foreach (var job in claimed.Skip(1))
            await Driver.FinishAsync(job, StoreDriver.Success(new string('1', 65_536)));

        var seen = new List<BatchResult>();
        var pages = 0;
        for (BatchResults? page = null; page is null or { IsCut: true }; pages++)
        {
            page = await Driver.ResultsAsync(batch.Id, after: seen.Count);
            seen.AddRange(page.Items);
        }

        Assert.Equal(Enumerable.Range(0, 12), seen.Select(result => result.Index));
        Assert.InRange(pages, 2, 12);
        Assert.Null(seen[0].Result!.Body);
        Assert.Equal(65_537, seen[0].Result!.Length);
        Assert.All(seen.Skip(1), result => Assert.Equal(65_536, result.Result!.Body!.Value.Length));
    }

    [Fact]
    public async Task The_batch_is_read_at_the_same_moment_as_its_results()
    {
        var batch = await Driver.AddBatchAsync(2);
        await Driver.SucceedAsync((await Driver.ClaimAsync())[0]);

        var page = await Driver.ResultsAsync(batch.Id);

        Assert.Equal((1L, 1L, false), (page.Batch.Succeeded, page.Batch.LastCompletion, page.Batch.IsOver));
    }

    [Fact]
    public async Task What_is_no_batch_has_no_results()
    {
        var job = await Driver.AddAsync(Driver.NewJob());

        foreach (var id in new[] { job, Driver.NewBatch().Id })
        {
            Assert.Null(await Driver.Store.FindBatchAsync(id));
            Assert.Null(await Driver.Store.ResultsAsync(new BatchResultsQuery(id, InInputOrder: false, 0, long.MaxValue, PassHoles: false, 1, 1)));
        }
    }
}
