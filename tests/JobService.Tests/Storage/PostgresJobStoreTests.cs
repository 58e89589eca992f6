using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Storage.Postgres;
using JobService.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace JobService.Tests.Storage;

public sealed class PostgresJobStoreTests : JobStoreContract
{
    private readonly string database = PostgresCluster.Shared.CreateDatabase();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task A_turn_under_a_term_that_another_node_has_taken_changes_nothing()
    {
        var running = await RunOneAsync();

        TakeTerm();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => Driver.Store.AddAsync([Driver.NewJob()]));
        Assert.Equal(0, Count("SELECT count(*) FROM active_jobs WHERE state = 0"));

        // The other node is gone. What ran here before it had the term has crashed, as far as anybody knows.
        GiveTermBack();
        var id = await Driver.AddAsync(Driver.NewJob());
        Assert.Equal(0, await Driver.SucceedAsync(running));
        Assert.Equal(1, (await Driver.GetAsync(running.Id)).Failures);
        Assert.Equal(JobState.Queued, (await Driver.GetAsync(id)).State);
    }

    [Fact]
    public async Task A_turn_that_changes_a_job_in_an_unusual_order_is_one_transaction()
    {
        var running = await RunOneAsync();

        // Both gather while the turn before them is published. In one turn the job is told to stop, which is written behind ends, and then ends.
        using var entered = new ManualResetEventSlim();
        using var gathered = new ManualResetEventSlim();
        using var watch = await Driver.Store.WatchAsync((_, _) =>
        {
            entered.Set();
            gathered.Wait(Patience.Hang);
        });
        var before = Driver.Store.SetSignalAsync("before");
        Assert.True(entered.Wait(Patience.Hang, TestContext.Current.CancellationToken));
        var stopped = Driver.Store.CancelAsync(running.Id, CancelReason.Request);
        var ended = Driver.Store.FinishAsync([new AttemptEnd(running.Id, running.Lease, Driver.Store.Now, Driver.Store.Now, new JobOutcome.Cancelled(CancelReason.Request))]);
        gathered.Set();

        Assert.True(await before);
        Assert.IsType<CancelOutcome.Stopping>(await stopped);
        Assert.Equal(1, await ended);
        Assert.Equal(JobState.Cancelled, (await Driver.GetAsync(running.Id)).State);
    }

    [Fact]
    public async Task Text_that_PostgreSQL_does_not_store_is_replaced()
    {
        var running = await RunOneAsync();

        await Driver.FinishAsync(running, new JobOutcome.Failed(new JobError("http", 500, "a\0b\uD800c")));

        Assert.Equal("a\uFFFDb\uFFFDc", (await Driver.GetAsync(running.Id)).Error!.Detail);
    }

    [Fact]
    public async Task Nodes_that_start_at_once_make_the_tables_once()
    {
        var empty = PostgresCluster.Shared.CreateEmpty();

        var opened = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => PostgresDatabase.Open(empty))));

        Array.ForEach(opened, each => each.Dispose());
        using var source = NpgsqlDataSource.Create(empty);
        using var scripts = source.CreateCommand("SELECT count(*) = count(DISTINCT scriptname) AND count(*) > 0 FROM schemaversions");
        Assert.True((bool)(await scripts.ExecuteScalarAsync(TestContext.Current.CancellationToken))!);
    }

    [Fact]
    public async Task All_connections_that_break_off_cost_no_job()
    {
        var running = await RunOneAsync();

        Count("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        // The turn that finds out fails; the next one runs on a new connection.
        Assert.IsType<StorageUnavailableException>(await Record.ExceptionAsync(() => Driver.SubmitAsync(Driver.NewJob())));
        Assert.Equal(1, await Driver.SucceedAsync(running));
        Assert.Equal(JobState.Succeeded, (await Driver.GetAsync(running.Id)).State);
    }

    protected override Task<StoreDriver> OpenAsync()
    {
        var ids = new JobIdSource(time, new Random(7));
        var options = Options.Create(new StorageOptions { Postgres = database });
        return Task.FromResult(new StoreDriver(new PostgresJobStore(options, ids, time, NullLogger<PostgresJobStore>.Instance).Running(), ids, time));
    }

    private async Task<ClaimedJob> RunOneAsync()
    {
        await Driver.AddAsync(Driver.NewJob());
        return Assert.Single(await Driver.ClaimAsync());
    }

    private void TakeTerm() => Count("WITH taken AS (UPDATE terms SET epoch = epoch + 1, holder = 'another', until = 'infinity' RETURNING 1) SELECT count(*) FROM taken");

    private void GiveTermBack() => Count("WITH given AS (UPDATE terms SET until = '-infinity' RETURNING 1) SELECT count(*) FROM given");

    private long Count(string sql)
    {
        using var source = NpgsqlDataSource.Create(database);
        using var command = source.CreateCommand(sql);
        return (long)command.ExecuteScalar()!;
    }
}
