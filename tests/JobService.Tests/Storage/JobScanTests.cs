using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Tests.Support;

namespace JobService.Tests.Storage;

/// <summary>Lists of a few jobs among very many others.</summary>
public sealed class JobScanTests : IAsyncLifetime
{
    /// <summary>More than the first two chunks of a scan.</summary>
    private const int Many = 22_000;

    private readonly TemporaryStore temporary = new();
    private readonly StoreDriver driver;
    private JobId[] old = [];
    private JobId[] elsewhere = [];
    private long matched;

    public JobScanTests() => driver = new StoreDriver(temporary.Store, temporary.Ids, temporary.Time);

    public async ValueTask InitializeAsync()
    {
        foreach (var queue in (string[])["q", "other"])
            await driver.PutQueueAsync(queue);
        old = await driver.AddManyAsync(3, key: "old");
        elsewhere = await driver.AddManyAsync(2, "other");
        foreach (var job in elsewhere)
            await driver.Store.CancelAsync(job, CancelReason.Request);
        for (var taken = 0; taken < Many; taken += 2_000)
            await driver.AddManyAsync(2_000, key: "new");
        (matched, _, _) = await driver.Store.CancelManyAsync(new JobFilter { Key = "new" }, CancelReason.Request);
    }

    public ValueTask DisposeAsync() => temporary.DisposeAsync();

    [Fact]
    public async Task They_are_found_whatever_lies_above_them()
    {
        Assert.Equal(Many, matched);
        Assert.Equal(Enumerable.Reverse(old), await ListAsync(new JobFilter { Queue = "q", State = JobState.Queued }));
        Assert.Equal(Enumerable.Reverse(old), await ListAsync(new JobFilter { State = JobState.Queued }));
        Assert.Equal(Enumerable.Reverse(old), await ListAsync(new JobFilter { State = JobState.Queued, Key = "old" }));
        Assert.Equal(Enumerable.Reverse(old), await ListAsync(new JobFilter { Queue = "q", Key = "old" }));
        Assert.Empty(await ListAsync(new JobFilter { Queue = "other", State = JobState.Queued }));
        Assert.Empty(await ListAsync(new JobFilter { State = JobState.Running }));
        Assert.Equal(Enumerable.Reverse(elsewhere), await ListAsync(new JobFilter { Queue = "other", State = JobState.Cancelled }));
        Assert.Equal(Enumerable.Reverse(elsewhere), await ListAsync(new JobFilter { State = JobState.Cancelled, Key = "" }));
    }

    [Fact]
    public async Task A_page_goes_on_where_the_one_before_ended()
    {
        var filter = new JobFilter { State = JobState.Queued };
        var first = await ListAsync(filter, limit: 2);

        Assert.Equal((old[2], old[1], 2), (first[0], first[1], first.Length));
        Assert.Equal(old[0], Assert.Single(await ListAsync(filter, limit: 2, before: first[^1])));
    }

    [Fact]
    public async Task Jobs_that_wait_for_a_time_a_lock_or_a_signal_are_queued_too()
    {
        var later = driver.NewJob() with { NotBefore = driver.Store.Now.AddHours(1) };
        var locked = driver.NewJob() with { Lock = "l" };
        var second = driver.NewJob() with { Lock = "l" };
        var signalled = driver.NewJob() with { Signal = "s" };
        foreach (var job in (NewJob[])[later, locked, second, signalled])
            await driver.AddAsync(job);
        // And as many above them that are not.
        await driver.AddManyAsync(2_000, key: "newer");
        await driver.Store.CancelManyAsync(new JobFilter { Key = "newer" }, CancelReason.Request);

        JobId[] expected = [signalled.Id, second.Id, locked.Id, later.Id, old[2], old[1], old[0]];
        Assert.Equal(expected, await ListAsync(new JobFilter { Queue = "q", State = JobState.Queued }));
    }

    [Fact]
    public async Task A_list_that_nobody_waits_for_ends() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            driver.Store.ListAsync(new JobFilter { Queue = "other", State = JobState.Cancelled }, 10, before: null, new CancellationToken(canceled: true)));

    private async Task<IEnumerable<JobId>> ListIdsAsync(JobFilter filter, int limit, JobId? before) =>
        (await driver.Store.ListAsync(filter, limit, before, TestContext.Current.CancellationToken)).Select(job => job.Id);

    private async Task<JobId[]> ListAsync(JobFilter filter, int limit = 10, JobId? before = null) => [.. await ListIdsAsync(filter, limit, before)];
}
