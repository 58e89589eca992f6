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

/// <summary>A start does not wait until millions of rows are counted: lanes are looked up, and the jobs of long ones are counted behind it.</summary>
public sealed class LaneCountingTests : IAsyncDisposable
{
    private const int Many = 60_000;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-lanes-");
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
    private StoreDriver driver;

    public LaneCountingTests() => driver = Open();

    public async ValueTask DisposeAsync()
    {
        await driver.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Each_lane_is_found_and_short_ones_are_counted_at_once()
    {
        await FillAsync(("q", "", 3), ("q", "a", 20), ("q", "long", Many), ("q", "m", 15), ("q", "n", 16), ("q", "o", 17), ("q", "p", 1), ("r", "long", 40), ("r", "z", 2));

        using var database = SqliteDatabase.Open(DatabaseFile);
        using var connection = database.Connect();
        using var rows = new JobRows(connection.Handle!);
        var found = rows.Lanes().ToList();

        Assert.Equal(["", "a", "long", "m", "n", "o", "p", "long", "z"], found.Select(lane => lane.Key));
        Assert.Equal([3, 20, 0, 15, 0, 0, 1, 0, 2], found.Select(lane => lane.IsCounted ? lane.Jobs : 0));
        Assert.All(found.Where(lane => !lane.IsCounted), lane => Assert.InRange(lane.Jobs, 16, 50_000));
        Assert.Equal(2, found.Select(lane => lane.QueueId).Distinct().Count());
    }

    [Fact]
    public async Task Long_lanes_are_counted_after_the_start()
    {
        await FillAsync(("q", "long", Many), ("q", "z", 100));
        driver = Open();

        var claimed = Assert.Single(await driver.ClaimAsync());
        await UntilWaitingAsync(Many + 100 - 1);
        await driver.SucceedAsync(claimed);
        Assert.Single(await driver.ClaimAsync());
        await UntilWaitingAsync(Many + 100 - 2);
    }

    [Fact]
    public async Task After_a_failed_turn_they_are_counted_anew()
    {
        await FillAsync(("q", "long", Many), ("q", "z", 100));
        driver = Open();
        Assert.Single(await driver.ClaimAsync());
        await UntilWaitingAsync(Many + 99);

        var twice = driver.NewJob();
        await driver.AddAsync(twice);
        Assert.IsType<Addition.Unstorable>(await driver.SubmitAsync(twice));
        Assert.Empty(await driver.ClaimNowAsync()); // the lanes are where they were

        await UntilWaitingAsync(Many + 100);
    }

    /// <summary>Until the limit says that so many wait: counting says so when it has come to its end.</summary>
    private async Task UntilWaitingAsync(long jobs)
    {
        using var hang = new CancellationTokenSource(Patience.Hang);
        long? waiting = null;
        while (waiting != jobs)
        {
            Assert.False(hang.IsCancellationRequested, $"{waiting} jobs wait and not {jobs}.");
            waiting = (await driver.Store.LimitAsync("one at a time", key: null))!.Waiting;
        }
    }

    private string DatabaseFile => Path.Combine(folder.FullName, "jobs.db");

    /// <summary>Closes the store; its file has so many waiting jobs then.</summary>
    private async Task FillAsync(params (string Queue, string Key, int Jobs)[] lanes)
    {
        await driver.PutLimitAsync("one at a time", new ConcurrencyDefinition { Permits = 1 });
        foreach (var queue in lanes.Select(lane => lane.Queue).Distinct())
            await driver.PutQueueAsync(queue, "one at a time");
        await driver.DisposeAsync();
        await using var file = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        await file.OpenAsync();
        foreach (var (queue, key, jobs) in lanes)
        {
            await using var command = file.CreateCommand();
            command.CommandText = $"""
                INSERT INTO jobs (stamp, salt, queue_id, key, state, priority, weight, attempt, failures, created_at)
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {jobs})
                SELECT COALESCE((SELECT max(stamp) FROM jobs), 0) + i, i, (SELECT id FROM queues WHERE name = '{queue}'), '{key}', 0, 0, 1, 0, 0, 1 FROM n;
                INSERT OR IGNORE INTO bodies (stamp, payload) SELECT stamp, CAST('1' AS BLOB) FROM jobs;
                UPDATE queues SET queued_count = queued_count + {jobs} WHERE name = '{queue}';
                """;
            await command.ExecuteNonQueryAsync();
        }
    }

    private StoreDriver Open()
    {
        var ids = new JobIdSource(time, new Random(7));
        var options = Options.Create(new StorageOptions { Path = DatabaseFile });
        return new StoreDriver(new SqliteJobStore(options, ids, time, NullLogger<SqliteJobStore>.Instance).Running(), ids, time);
    }
}
