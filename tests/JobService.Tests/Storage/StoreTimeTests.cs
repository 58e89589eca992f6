using JobService.Jobs;
using JobService.Limits;
using JobService.Storage;
using JobService.Storage.Sqlite;
using JobService.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace JobService.Tests.Storage;

/// <summary>The machine's clock is set, the machine or the service starts anew: what becomes of time, limits and waits.</summary>
public sealed partial class StoreTimeTests : IAsyncLifetime
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan hour = TimeSpan.FromHours(1);

    private readonly string folder = Directory.CreateTempSubdirectory("jobservice-time-").FullName;
    private readonly SettableTime time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    private StoreDriver driver = null!;

    private string DatabaseFile => Path.Combine(folder, "jobs.db");

    private DateTimeOffset Now => driver.Store.Now;

    public async ValueTask InitializeAsync()
    {
        driver = Open();
        await driver.PutQueueAsync("q");
    }

    public async ValueTask DisposeAsync()
    {
        await driver.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(-3_600, 0)]
    [InlineData(-3_600, -7_200)]
    [InlineData(0, -44)]
    [InlineData(0, 0)]
    public async Task Over_a_restart_it_goes_on_by_the_time_that_has_elapsed(int stepWhileRunning, int stepWhileDown)
    {
        time.StepWall(stepWhileRunning * second);
        time.Advance(10 * second);
        await driver.AddAsync(driver.NewJob());
        var before = Now;

        await ReopenAsync(() =>
        {
            time.StepWall(stepWhileDown * second);
            time.Advance(3 * second);
        });

        Assert.InRange(Now - before, 3 * second, 3.01 * second);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3_600)]
    public async Task Over_a_restart_of_the_machine_it_goes_on_by_the_wall_clock_and_never_back(int stepWhileDown)
    {
        await driver.AddAsync(driver.NewJob());
        var before = Now;

        await ReopenAsync(() =>
        {
            RestartMachine();
            time.StepWall(stepWhileDown * second);
            time.Advance(60 * second);
        });

        Assert.InRange(Now - before, second / 10, 60.01 * second);
        Assert.Equal(stepWhileDown == 0, Now - before >= 60 * second);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wall_clock_far_ahead_is_taken_over_at_the_start_and_pays_no_limit_back(bool restartsMachine)
    {
        await driver.PutLimitAsync("hourly", new WindowDefinition { Permits = 1, PeriodSeconds = 3_600 });
        await driver.PutLimitAsync("paced", new RateDefinition { Permits = 1, PeriodSeconds = 3_600, Burst = 1 });
        await driver.PutQueueAsync("windowed", "hourly");
        await driver.PutQueueAsync("paced", "paced");
        await driver.AddManyAsync(2, "windowed");
        await driver.AddManyAsync(2, "paced");
        var retried = await driver.AddAsync(driver.NewJob());
        foreach (var job in await driver.ClaimAsync())
            await driver.FinishAsync(job, job.Id == retried ? new JobOutcome.Retried(StoreDriver.Error(), hour) : StoreDriver.Success());
        time.StepWall(2 * hour);
        time.Advance(2 * second);

        await ReopenAsync(() =>
        {
            if (restartsMachine)
                RestartMachine();
            time.Advance(10 * second);
        });

        Assert.InRange(driver.Store.Clock.Difference, -second / 10, second / 10);
        time.Advance(hour - (13 * second));
        Assert.Empty(await driver.ClaimNowAsync());
        time.Advance(2 * second);
        Assert.Equal(3, await ClaimedWithinAsync(10));
    }

    [Fact]
    public async Task A_step_is_noticed()
    {
        Assert.Null(driver.Store.Clock.LatestStep);
        time.Advance(10 * second);
        time.StepWall(-hour);
        time.Advance(second);
        await driver.AddAsync(driver.NewJob());

        var clock = driver.Store.Clock;
        Assert.Equal(-hour, clock.LatestStep!.By);
        Assert.Equal(time.GetUtcNow(), clock.LatestStep.NoticedAt);
        Assert.InRange(clock.Difference, -hour, -hour + second);
    }

    [Theory]
    [InlineData(-3_600)]
    [InlineData(1_200)]
    public async Task Moments_given_by_users_go_by_the_clock_that_was_put_right(int step)
    {
        await driver.PutQueueAsync("paused", new QueueDefinition());
        await driver.Store.PauseAsync("paused", paused: true);
        var moment = time.GetUtcNow().AddHours(1);
        var waiting = await driver.AddAsync(driver.NewJob() with { NotBefore = moment });
        var wanted = await driver.AddAsync(driver.NewJob("paused") with { StartBefore = moment });
        time.StepWall(step * second);

        time.Advance(hour - (step * second) - second);
        Assert.Empty(await driver.ClaimNowAsync());
        Assert.Equal(JobState.Queued, (await driver.GetAsync(wanted)).State);

        time.Advance(2 * second);
        Assert.Equal(waiting, Assert.Single(await driver.ClaimNowAsync()).Id);
        Assert.Equal(CancelReason.Deadline, (await driver.GetAsync(wanted)).CancelReason);
    }

    [Fact]
    public void What_NTP_does_to_a_clock_is_no_step()
    {
        var steppable = new SteppableTime();
        var watch = new StepWatch(steppable);
        for (var passed = 0; passed < 100_000; passed++)
        {
            steppable.Pass(second);
            steppable.StepWall(TimeSpan.FromMicroseconds(500));
            Assert.Null(watch.Look());
        }

        steppable.StepWall(5.1 * second);
        Assert.Equal(5.1 * second, watch.Look()!.By);
        Assert.Null(watch.Look());
    }

    private async Task<int> ClaimedWithinAsync(int seconds)
    {
        var claimed = 0;
        for (var passed = 0; passed < seconds; passed++)
        {
            claimed += (await driver.ClaimNowAsync()).Count;
            time.Advance(second);
        }

        return claimed;
    }

    private async Task ReopenAsync(Action meanwhile)
    {
        await driver.DisposeAsync();
        meanwhile();
        driver = Open();
    }

    private void RestartMachine()
    {
        using var file = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        file.Open();
        using var command = file.CreateCommand();
        command.CommandText = "UPDATE clock SET boot_id = 'the one before'";
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    private StoreDriver Open()
    {
        var ids = new JobIdSource(time, new Random(7));
        var options = Options.Create(new StorageOptions { Path = DatabaseFile });
        return new StoreDriver(new SqliteJobStore(options, ids, time, NullLogger<SqliteJobStore>.Instance).Running(), ids, time);
    }
}
