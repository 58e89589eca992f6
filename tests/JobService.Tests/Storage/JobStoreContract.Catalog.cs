using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage;

namespace JobService.Tests.Storage;

/// <summary>Queues, limits, lists and retention.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task A_put_is_created_then_replaced_and_refused_when_outdated()
    {
        var created = Assert.IsType<PutOutcome<QueueEntry>.Created>(await Driver.Store.PutQueueAsync("new", new QueueDefinition(), expected: null)).Entry;
        var (replaced, former) = Assert.IsType<PutOutcome<QueueEntry>.Replaced>(
            await Driver.Store.PutQueueAsync("new", new QueueDefinition { MaxConcurrency = 2 }, created.Revision));

        Assert.Equal(created, former);
        Assert.NotEqual(created.Revision, replaced.Revision);
        Assert.Equal(
            new PutOutcome<QueueEntry>.Outdated(replaced.Revision), await Driver.Store.PutQueueAsync("new", new QueueDefinition(), created.Revision));
        Assert.Equal(
            new PutOutcome<QueueEntry>.Outdated(replaced.Revision), await Driver.Store.PutQueueAsync("new", new QueueDefinition(), expected: 0));
        Assert.Equal(2, Driver.Store.Catalog.Queues["new"].Definition.MaxConcurrency);
        await ReopenAsync();
        Assert.Equal(replaced.Revision, Driver.Store.Catalog.Queues["new"].Revision);
        Assert.Equal(2, Driver.Store.Catalog.Queues["new"].Definition.MaxConcurrency);
    }

    [Fact]
    public async Task What_is_in_use_cannot_be_deleted()
    {
        await Driver.PutRateAsync("r", permits: 1);
        await Driver.PutQueueAsync("paced", "r");
        var id = await Driver.AddAsync(Driver.NewJob("paced"));

        Assert.Equal(DeleteOutcome.InUse, await Driver.Store.DeleteLimitAsync("r", expected: null));
        Assert.Equal(DeleteOutcome.InUse, await Driver.Store.DeleteQueueAsync("paced", expected: null));
        await Driver.Store.CancelAsync(id, CancelReason.Request);
        Assert.Equal(DeleteOutcome.Deleted, await Driver.Store.DeleteQueueAsync("paced", expected: null));
        Assert.Equal(DeleteOutcome.Deleted, await Driver.Store.DeleteLimitAsync("r", expected: null));
        Assert.Equal(DeleteOutcome.NotFound, await Driver.Store.DeleteQueueAsync("paced", expected: null));
    }

    [Fact]
    public async Task Jobs_of_a_deleted_queue_are_kept_and_counted_again_when_it_comes_back()
    {
        var id = await Driver.AddAsync(Driver.NewJob());
        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Failed(StoreDriver.Error()));
        await Driver.Store.DeleteQueueAsync("q", expected: null);

        Assert.Equal(("q", JobState.Failed), ((await Driver.GetAsync(id)).Queue, (await Driver.GetAsync(id)).State));
        Assert.IsType<RetryOutcome.QueueDeleted>(await Driver.Store.RetryAsync(id));
        await Driver.PutQueueAsync("q");
        Assert.Equal(new QueueCounts(0, 0, 0, 1, 0), await Driver.Store.CountAsync("q"));
    }

    [Fact]
    public async Task What_the_api_changed_lasts_and_the_configuration_rules_the_rest()
    {
        var limits = new Dictionary<string, LimitDefinition> { ["l"] = new RateDefinition { Permits = 1 } };
        var queues = new Dictionary<string, QueueDefinition>
        {
            ["kept"] = new() { MaxConcurrency = 1, Limits = ["l"] },
            ["changed"] = new() { MaxConcurrency = 1 },
        };
        await Driver.Store.DeclareAsync(queues, limits);
        var revision = Driver.Store.Catalog.Queues["kept"].Revision;
        await Driver.PutQueueAsync("changed", new QueueDefinition { MaxConcurrency = 9 });
        Assert.Equal(DeleteOutcome.FromConfiguration, await Driver.Store.DeleteQueueAsync("kept", expected: null));
        await Driver.Store.DeclareAsync(queues, limits);
        Assert.Equal(revision, Driver.Store.Catalog.Queues["kept"].Revision);

        queues["kept"] = queues["kept"] with { MaxConcurrency = 3 };
        queues["changed"] = queues["changed"] with { MaxConcurrency = 3 };
        await Driver.Store.DeclareAsync(queues, limits);

        Assert.Equal(3, Driver.Store.Catalog.Queues["kept"].Definition.MaxConcurrency);
        Assert.Equal(9, Driver.Store.Catalog.Queues["changed"].Definition.MaxConcurrency);
        await Driver.Store.DeclareAsync(new Dictionary<string, QueueDefinition>(), new Dictionary<string, LimitDefinition>());
        Assert.Equal(DeleteOutcome.Deleted, await Driver.Store.DeleteQueueAsync("kept", expected: null));
    }

    [Fact]
    public async Task Lists_go_from_the_newest_in_pages_and_by_every_filter()
    {
        await Driver.PutQueueAsync("other");
        var tags = new Dictionary<string, string> { ["order"] = "991" };
        var done = await Driver.AddAsync(Driver.NewJob("other"));
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        var running = await Driver.AddAsync(Driver.NewJob("other") with { Key = "k" });
        await Driver.ClaimAsync();
        var tagged = await Driver.AddAsync(Driver.NewJob() with { Tags = tags });
        var last = await Driver.AddAsync(Driver.NewJob() with { Key = "k" });

        Assert.Equal([last, tagged, running, done], await IdsOf(new JobFilter()));
        Assert.Equal([running, done], await IdsOf(new JobFilter { Queue = "other" }));
        Assert.Equal([last, running], await IdsOf(new JobFilter { Key = "k" }));
        Assert.Equal([tagged, done], await IdsOf(new JobFilter { Key = "" }));
        Assert.Equal([tagged], await IdsOf(new JobFilter { Tag = ("order", "991") }));
        Assert.Equal([last, tagged], await IdsOf(new JobFilter { State = JobState.Queued }));
        Assert.Equal([running], await IdsOf(new JobFilter { State = JobState.Running, Queue = "other" }));
        Assert.Equal([done], await IdsOf(new JobFilter { State = JobState.Succeeded, Key = "" }));
        Assert.Equal([last, tagged], (await Driver.Store.ListAsync(new JobFilter(), 2, before: null, TestContext.Current.CancellationToken)).Select(job => job.Id));
        Assert.Equal([running, done], (await Driver.Store.ListAsync(new JobFilter(), 2, before: tagged, TestContext.Current.CancellationToken)).Select(job => job.Id));
    }

    [Fact]
    public async Task Many_are_cancelled_and_retried_at_once()
    {
        await Driver.AddManyAsync(1_200);
        Driver.Permits = 1;
        var running = Assert.Single(await Driver.ClaimAsync());

        Assert.Equal((1_200, 1_199, 1), await Driver.Store.CancelManyAsync(new JobFilter { Queue = "q" }, CancelReason.Purge));
        await Driver.FinishAsync(running, new JobOutcome.Cancelled(CancelReason.Purge));
        Assert.Equal(new QueueCounts(0, 0, 0, 0, 1_200), await Driver.Store.CountAsync("q"));
        Assert.Equal((1_200, 1_200), await Driver.Store.RetryManyAsync(new JobFilter { Queue = "q", State = JobState.Cancelled }));
        Assert.Equal(new QueueCounts(1_200, 0, 0, 0, 0), await Driver.Store.CountAsync("q"));
    }

    [Fact]
    public async Task Pruning_looks_at_a_few_jobs_at_a_time_and_finds_what_is_old_behind_those_that_stay()
    {
        // They have ended, and stay as long as their batch has not.
        await Driver.AddBatchAsync(31);
        foreach (var job in (await Driver.ClaimAsync()).Skip(1))
            await Driver.SucceedAsync(job);
        var old = await Driver.AddAsync(Driver.NewJob());
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        Driver.Time.Advance(TimeSpan.FromHours(2));

        var chunks = new List<PruneStep>();
        do
            chunks.Add(await Driver.Store.PruneAsync(Driver.Store.Now.AddHours(-1), 2));
        while (chunks[^1].GoesOn);

        Assert.Equal(0, chunks[0].Deleted);
        Assert.Equal(1, chunks.Sum(chunk => chunk.Deleted));
        Assert.Null(await Driver.Store.FindAsync(old, 0));
    }

    [Fact]
    public async Task Old_finished_jobs_are_deleted_with_all_they_left()
    {
        var job = Driver.NewJob() with
        {
            Tags = new Dictionary<string, string> { ["a"] = "b" },
            Idempotency = new IdempotencyKey("once", new byte[] { 1 }),
        };
        var id = await Driver.AddAsync(job);
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));
        var waiting = await Driver.AddAsync(Driver.NewJob());
        Driver.Time.Advance(TimeSpan.FromHours(2));

        Assert.Equal(0, (await Driver.Store.PruneAsync(Driver.Store.Now.AddHours(-3), 100)).Deleted);
        Assert.Equal(1, (await Driver.Store.PruneAsync(Driver.Store.Now.AddHours(-1), 100)).Deleted);

        Assert.Null(await Driver.Store.FindAsync(id, 0));
        Assert.Empty(await IdsOf(new JobFilter { Tag = ("a", "b") }));
        Assert.Equal([waiting], await IdsOf(new JobFilter()));
        Assert.Equal(new QueueCounts(1, 0, 0, 0, 0), await Driver.Store.CountAsync("q"));
        Assert.IsType<Addition.Accepted>(await Driver.SubmitAsync(Driver.NewJob() with { Idempotency = new IdempotencyKey("once", new byte[] { 2 }) }));
    }

    [Fact]
    public async Task A_pause_says_what_was_before()
    {
        var (paused, before) = (await Driver.Store.PauseAsync("q", paused: true))!;
        var (still, same) = (await Driver.Store.PauseAsync("q", paused: true))!;

        Assert.Equal((false, true, true, true), (before.Paused, paused.Paused, still.Paused, same.Paused));
        Assert.Equal(paused.Revision, still.Revision);
        Assert.Null(await Driver.Store.PauseAsync("nowhere", paused: true));
    }

    [Fact]
    public async Task A_place_in_the_lane_is_counted()
    {
        await Driver.Store.PauseAsync("q", paused: true);
        var ids = await Driver.AddManyAsync(1_001);

        Assert.Equal(1, (await Driver.GetAsync(ids[0])).Waiting!.Position);
        Assert.Equal(1_000, (await Driver.GetAsync(ids[999])).Waiting!.Position);
        Assert.Null((await Driver.GetAsync(ids[1_000])).Waiting!.Position);
    }

    private async Task<List<JobId>> IdsOf(JobFilter filter) => [.. (await Driver.Store.ListAsync(filter, 100, before: null, TestContext.Current.CancellationToken)).Select(job => job.Id)];
}
