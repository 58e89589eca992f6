using Dapper;
using JobService.Jobs;
using JobService.Limits;
using JobService.Storage.Sqlite;
using JobService.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace JobService.Tests.Storage;

/// <summary>What memory holds of lanes is kept true by the ledger's own changes; beyond them the row is believed, and not the memory.</summary>
public sealed class StaleHeadsTests : IAsyncLifetime
{
    private readonly LogLines<SqliteJobStore> log = new();
    private readonly TemporaryStore file;
    private readonly StoreDriver driver;

    public StaleHeadsTests()
    {
        file = new TemporaryStore(log);
        driver = new StoreDriver(file.Store, file.Ids, file.Time);
    }

    private IEnumerable<string> RolledBack => log.All.Where(line => line.Level == LogLevel.Error).Select(line => line.Text);

    public async ValueTask InitializeAsync()
    {
        await driver.PutLimitAsync("one at a time", new ConcurrencyDefinition { Permits = 1 });
        await driver.PutQueueAsync("q", "one at a time");
    }

    public ValueTask DisposeAsync() => file.DisposeAsync();

    [Fact]
    public async Task A_job_that_is_cancelled_while_it_is_held_costs_no_turn()
    {
        var jobs = await driver.AddManyAsync(3);
        var first = Assert.Single(await driver.ClaimAsync());

        await driver.Store.CancelAsync(jobs[1], CancelReason.Request);
        await driver.SucceedAsync(first);

        Assert.Equal(jobs[2], Assert.Single(await driver.ClaimAsync()).Id);
        Assert.Empty(RolledBack);
    }

    [Fact]
    public async Task Jobs_of_a_batch_that_stops_while_they_are_held_cost_no_turn()
    {
        var batch = await driver.AddBatchAsync(4);
        var other = await driver.AddAsync(driver.NewJob());
        var first = Assert.Single(await driver.ClaimAsync());

        await driver.Store.CancelBatchAsync(batch.Id, CancelReason.Request);
        await driver.SucceedAsync(first);

        Assert.Equal(other, Assert.Single(await driver.ClaimAsync()).Id);
        Assert.Empty(RolledBack);
    }

    [Fact]
    public async Task A_job_that_is_too_late_while_it_is_held_costs_no_turn()
    {
        await driver.AddAsync(driver.NewJob());
        await driver.AddAsync(driver.NewJob() with { StartBefore = driver.Store.Now.AddSeconds(1) });
        var last = await driver.AddAsync(driver.NewJob());
        var first = Assert.Single(await driver.ClaimAsync());

        file.Time.Advance(TimeSpan.FromSeconds(2));
        await driver.SucceedAsync(first);

        Assert.Equal(last, Assert.Single(await driver.ClaimAsync()).Id);
        Assert.Empty(RolledBack);
    }

    [Fact]
    public async Task A_row_that_has_changed_behind_the_memory_costs_a_turn_and_no_more()
    {
        var jobs = await driver.AddManyAsync(3);
        var first = Assert.Single(await driver.ClaimAsync());
        await ExecuteAsync("UPDATE jobs SET state = 4, finished_at = 1, cancel_reason = 0 WHERE stamp = @Stamp", jobs[1]);

        await driver.SucceedAsync(first);
        var next = await driver.ClaimNowAsync();
        if (next.Count == 0) // it was asked for in the turn that was rolled back
            next = await driver.ClaimNowAsync();

        Assert.Equal(jobs[2], Assert.Single(next).Id);
        Assert.Single(RolledBack);
    }

    [Fact]
    public async Task A_job_whose_input_is_missing_is_claimed_and_holds_up_no_other()
    {
        var jobs = await driver.AddManyAsync(3);
        await driver.PutQueueAsync("q");
        await ExecuteAsync("DELETE FROM bodies WHERE stamp = @Stamp", jobs[1]);

        var claimed = await driver.ClaimAsync();

        Assert.Equal(jobs, claimed.Select(job => job.Id));
        Assert.Equal([false, true, false], claimed.Select(job => job.UnreadBytes > 0));
        Assert.Equal([false, true, false], claimed.Select(job => job.Payload.IsEmpty));
        Assert.Empty(RolledBack);
    }

    [Fact]
    public async Task Claims_whose_inputs_cannot_be_read_are_handed_out_all_the_same()
    {
        await driver.AddManyAsync(2);
        await ExecuteAsync("ALTER TABLE bodies RENAME TO elsewhere", default);

        var claimed = Assert.Single(await driver.ClaimAsync());

        Assert.True(claimed.UnreadBytes > 0);
        await ExecuteAsync("ALTER TABLE elsewhere RENAME TO bodies", default);
        Assert.NotEmpty((await driver.Store.ReadInputAsync(claimed.Id)).Payload.ToArray());
        Assert.Equal(1, await driver.SucceedAsync(claimed));
        Assert.Single(await driver.ClaimAsync());
    }

    [Fact]
    public async Task An_end_whose_row_holds_another_lease_is_not_written()
    {
        var job = await driver.AddAsync(driver.NewJob());
        var claimed = Assert.Single(await driver.ClaimAsync());
        await ExecuteAsync("UPDATE jobs SET state = 4, lease = NULL, finished_at = 1, cancel_reason = 0 WHERE stamp = @Stamp", job);

        Assert.Equal(0, await driver.FinishAsync(claimed, new JobOutcome.Retried(StoreDriver.Error(), TimeSpan.Zero)));

        Assert.Single(RolledBack);
        Assert.Equal(JobState.Cancelled, (await driver.GetAsync(job)).State);
    }

    private async Task ExecuteAsync(string sql, JobId job)
    {
        await using var connection = new SqliteConnection($"Data Source={file.DatabaseFile};Pooling=False");
        await connection.ExecuteAsync(sql, new { job.Stamp });
    }
}
