using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Storage;
using JobService.Storage.Sqlite;
using JobService.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Storage;

public sealed class SqliteJobStoreTests : JobStoreContract
{
    private readonly string folder = Directory.CreateTempSubdirectory("jobservice-store-").FullName;
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void One_process_at_a_time_uses_the_file() => Assert.Throws<StorageUnavailableException>(Open);

    [Fact]
    public async Task A_command_that_breaks_its_turn_does_not_break_the_others()
    {
        // The same id twice breaks the transaction of both; each is then tried by itself, and the first is taken in.
        var job = Driver.NewJob();
        var both = new[] { Driver.Store.AddAsync([job]), Driver.Store.AddAsync([job]) };

        Assert.Single(await Task.WhenAll(both), additions => additions is [Addition.Unstorable]);
        Assert.Equal(job.Id, Assert.Single(await Driver.ClaimAsync()).Id);
        Assert.Equal(new QueueCounts(0, 1, 0, 0, 0), await Driver.Store.CountAsync("q"));
    }

    [Fact]
    public async Task What_ran_before_a_failed_turn_still_holds_its_limits_and_may_end()
    {
        await Driver.PutLimitAsync("one", new ConcurrencyDefinition { Permits = 1 });
        await Driver.PutQueueAsync("single", "one");
        await Driver.AddManyAsync(2, "single");
        var running = Assert.Single(await Driver.ClaimAsync());

        var twice = Driver.NewJob();
        await Driver.Store.AddAsync([twice]);
        Assert.IsType<Addition.Unstorable>(await Driver.SubmitAsync(twice));

        Assert.DoesNotContain(await Driver.ClaimNowAsync(), job => job.Queue.Name == "single");
        Assert.Equal(1, await Driver.SucceedAsync(running));
        Assert.Equal("single", Assert.Single(await Driver.ClaimAsync()).Queue.Name);
    }

    [Fact]
    public async Task An_end_in_a_turn_that_failed_is_counted_once_in_its_batch()
    {
        var batch = await Driver.AddBatchAsync(2);
        var claimed = await Driver.ClaimAsync();
        var known = Driver.NewJob();
        await Driver.Store.AddAsync([known]);

        // While the writer is held up in telling of the first end, the second gathers with what breaks its turn.
        using var told = new SemaphoreSlim(0);
        using var gathered = new ManualResetEventSlim();
        Driver.Store.Committed += news =>
        {
            if (news.Ended.Any(ended => ended.Job == claimed[1].Id))
            {
                told.Release();
                gathered.Wait(Patience.Hang);
            }
        };
        var first = Driver.SucceedAsync(claimed[1]);
        Assert.True(await told.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
        var (end, again) = (Driver.SucceedAsync(claimed[0]), Driver.Store.AddAsync([known]));
        gathered.Set();

        Assert.IsType<Addition.Unstorable>(Assert.Single(await again));
        Assert.Equal((1, 1), (await first, await end));
        var over = await Driver.BatchAsync(batch.Id);
        Assert.Equal((2L, 2L, true), (over.Succeeded, over.LastCompletion, over.IsOver));
        Assert.Equal([(1, 1L), (0, 2L)], (await Driver.ResultsAsync(batch.Id)).Items.Select(result => (result.Index, result.Completion)));
    }

    [Fact]
    public async Task The_configuration_still_rules_what_an_older_version_has_entered()
    {
        var limits = new Dictionary<string, LimitDefinition> { ["l"] = new RateDefinition { Permits = 1 } };
        var queues = new Dictionary<string, QueueDefinition> { ["c"] = new() { MaxConcurrency = 1 } };
        await Driver.Store.DeclareAsync(queues, limits);
        await ReopenAsync(ForgetNewFields);
        queues["c"] = queues["c"] with { MaxConcurrency = 3 };
        limits["l"] = new RateDefinition { Permits = 3 };
        await Driver.Store.DeclareAsync(queues, limits);

        Assert.Equal(3, Driver.Store.Catalog.Queues["c"].Definition.MaxConcurrency);
        Assert.Equal(3, Driver.Store.Catalog.Limits["l"].Definition.Permits);
    }

    [Fact]
    public async Task What_ran_before_a_failed_turn_still_holds_its_lock()
    {
        await Driver.AddAsync(Driver.NewJob() with { Lock = "one" });
        var holder = Assert.Single(await Driver.ClaimAsync());
        var next = await Driver.AddAsync(Driver.NewJob() with { Lock = "one", Signal = "go" });
        await Driver.Store.SetSignalAsync("go");

        var twice = Driver.NewJob() with { NotBefore = Driver.Store.Now.AddDays(1) };
        await Driver.Store.AddAsync([twice]);
        Assert.IsType<Addition.Unstorable>(await Driver.SubmitAsync(twice));

        Assert.Empty(await Driver.ClaimNowAsync());
        Assert.Equal(1, await Driver.SucceedAsync(holder));
        Assert.Equal(next, Assert.Single(await Driver.ClaimAsync()).Id);
    }

    [Fact]
    public async Task Rates_of_keys_that_are_paid_back_soon_share_a_row()
    {
        await Driver.PutLimitAsync("soon", new RateDefinition { Permits = 2, Scope = LimitScope.PerKey });
        await Driver.PutLimitAsync("late", new RateDefinition { Permits = 1, PeriodSeconds = 60, Scope = LimitScope.PerKey });
        await Driver.PutQueueAsync("paced", "soon", "late");
        foreach (var key in (string[])["a", "b", "c"])
            await Driver.AddManyAsync(1, "paced", key);
        Assert.Equal(3, (await Driver.ClaimAsync()).Count);

        Assert.Equal([("late", 3L), ("soon", 1L)], StateRows());
    }

    protected override Task<StoreDriver> OpenAsync() => Task.FromResult(Open());

    private List<(string Limit, long Rows)> StateRows()
    {
        using var file = new SqliteConnection($"Data Source={DatabaseFile};Mode=ReadOnly;Pooling=False");
        file.Open();
        using var command = file.CreateCommand();
        command.CommandText = "SELECT name, count(*) FROM limit_states GROUP BY name ORDER BY name";
        using var reader = command.ExecuteReader();
        var rows = new List<(string, long)>();
        while (reader.Read())
            rows.Add((reader.GetString(0), reader.GetInt64(1)));
        return rows;
    }

    /// <summary>The file as it was before queues had shares and limits scopes.</summary>
    private void ForgetNewFields()
    {
        using var file = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        file.Open();
        using var command = file.CreateCommand();
        command.CommandText = """
            UPDATE queues SET declared = replace(declared, '"keyShares":{},', ''), definition = replace(definition, '"keyShares":{},', '') WHERE declared LIKE '%keyShares%';
            UPDATE limits SET declared = replace(declared, ',"scope":"shared"', ''), definition = replace(definition, ',"scope":"shared"', '') WHERE declared LIKE '%scope%';
            """;
        Assert.Equal(2, command.ExecuteNonQuery());
    }

    private string DatabaseFile => Path.Combine(folder, "jobs.db");

    private StoreDriver Open()
    {
        var ids = new JobIdSource(time, new Random(7));
        var options = Options.Create(new StorageOptions { Path = DatabaseFile });
        return new StoreDriver(new SqliteJobStore(options, ids, time, NullLogger<SqliteJobStore>.Instance).Running(), ids, time);
    }
}
