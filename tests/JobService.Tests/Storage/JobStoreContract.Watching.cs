using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Storage;

/// <summary>What those hear who watch.</summary>
public abstract partial class JobStoreContract
{
    [Fact]
    public async Task Every_move_of_a_job_is_told_in_order_with_its_reason()
    {
        var (told, watch) = await WatchAsync();
        await Driver.PutRateAsync("slow", permits: 1, periodSeconds: 100);

        var id = await Driver.AddAsync(Driver.NewJob(key: "k"));
        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Unstarted(), started: false);
        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Throttled(StoreDriver.Error()));
        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Returned());
        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero));
        await Driver.FinishAsync(Assert.Single(await Driver.ClaimAsync()), new JobOutcome.Failed(StoreDriver.Error(ErrorTypes.Timeout)));
        await Driver.Store.RetryAsync(id);
        await Driver.SucceedAsync(Assert.Single(await Driver.ClaimAsync()));

        Assert.Equal(
            [
                "queued 0 ", "running 1 ", "queued 0 unstarted", "running 1 ", "queued 1 throttled", "running 2 ", "queued 2 interrupted", "running 3 ", "queued 3 retry", "running 4 ",
                "failed 4 timeout", "queued 4 request", "running 5 ", "succeeded 5 ",
            ],
            told.Where(change => change.Job == id).Select(change => $"{WireNames.Of(change.State)} {change.Attempt} {change.Word}"));
        Assert.All(told.Where(change => change.Job == id), change => Assert.Equal((StoreEventKind.Job, "q", "k"), (change.Kind, change.Name, change.Key)));
        Assert.Equal(new StoreEvent(StoreEventKind.Limit, "slow", "created"), told[0]);
        watch.Dispose();
    }

    [Fact]
    public async Task Who_has_gone_hears_nothing_and_the_others_go_on()
    {
        var (gone, going) = await WatchAsync();
        var (told, watch) = await WatchAsync();
        going.Dispose();

        await Driver.AddAsync(Driver.NewJob());
        watch.Dispose();
        await Driver.AddAsync(Driver.NewJob());

        Assert.Empty(gone);
        Assert.Single(told);
    }

    [Fact]
    public async Task How_a_job_stands_is_told_in_order_with_its_moves()
    {
        var (told, watch) = await WatchAsync();
        var id = await Driver.AddAsync(Driver.NewJob());
        var job = Assert.Single(await Driver.ClaimAsync());

        Assert.True(await Driver.Store.TellAsync(id));
        await Driver.SucceedAsync(job);
        Assert.False(await Driver.Store.TellAsync(Driver.NewJob().Id));

        Assert.Equal(
            [(StoreEventKind.Job, JobState.Queued), (StoreEventKind.Job, JobState.Running), (StoreEventKind.JobAsItStands, JobState.Running), (StoreEventKind.Job, JobState.Succeeded)],
            told.Select(change => (change.Kind, change.State)));
        watch.Dispose();
    }

    [Fact]
    public async Task Jobs_are_asked_for_a_tag()
    {
        var with = await Driver.AddAsync(Driver.NewJob() with { Tags = new Dictionary<string, string> { ["order"] = "991" } });
        var other = await Driver.AddAsync(Driver.NewJob() with { Tags = new Dictionary<string, string> { ["order"] = "992" } });
        var without = await Driver.AddAsync(Driver.NewJob());

        Assert.Equal([with], await Driver.Store.WithTagAsync([with, other, without], ("order", "991")));
    }

    private async Task<(List<StoreEvent> Told, IDisposable Watch)> WatchAsync()
    {
        var told = new List<StoreEvent>();
        return (told, await Driver.Store.WatchAsync((_, changes) => told.AddRange(changes)));
    }
}
