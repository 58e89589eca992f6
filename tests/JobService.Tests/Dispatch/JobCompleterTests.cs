using JobService.Dispatch;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Storage.Sqlite;
using JobService.Tests.Storage;
using JobService.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Dispatch;

public sealed class JobCompleterTests : IAsyncDisposable
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(10);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-completer-");
    private readonly StoreDriver driver;

    public JobCompleterTests()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        var ids = new JobIdSource(time, new Random(7));
        var options = Options.Create(new StorageOptions { Path = Path.Combine(folder.FullName, "jobs.db") });
        driver = new StoreDriver(new SqliteJobStore(options, ids, time, NullLogger<SqliteJobStore>.Instance).Running(), ids, time);
    }

    [Fact]
    public async Task An_outcome_that_could_not_be_written_is_written_later_though_no_other_comes()
    {
        await driver.PutQueueAsync("q");
        var id = await driver.AddAsync(driver.NewJob());
        var running = Assert.Single(await driver.ClaimAsync());
        var ended = new TaskCompletionSource<JobId>(TaskCreationOptions.RunContinuationsAsynchronously);
        driver.Store.Committed += news => news.Ended.ToList().ForEach(end => ended.TrySetResult(end.Job));
        var failed = new FirstError();
        using var lifetime = new Stopping();
        using var completer = new JobCompleter(driver.Store, lifetime, Options.Create(new DispatchOptions()), TimeProvider.System, failed);
        await completer.StartAsync(CancellationToken.None);

        Execute("ALTER TABLE results RENAME TO away");
        var budget = new ByteBudget(100, TimeProvider.System);
        var room = new ByteReservation(budget);
        Assert.True(room.TryGrowTo(50));
        await completer.CompleteAsync(driver.End(running, StoreDriver.Success()), room);
        await failed.Logged.WaitAsync(Hang, CancellationToken.None);
        Assert.Equal(50, budget.Taken); // as long as its result is in memory
        Execute("ALTER TABLE away RENAME TO results");

        Assert.Equal(id, await ended.Task.WaitAsync(Hang, CancellationToken.None));
        Assert.Equal(JobState.Succeeded, (await driver.GetAsync(id)).State);
        await completer.StopAsync(CancellationToken.None);
        Assert.Equal(0, budget.Taken);
    }

    public async ValueTask DisposeAsync()
    {
        await driver.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.FullName, "jobs.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private sealed class FirstError : ILogger<JobCompleter>
    {
        private readonly TaskCompletionSource logged = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Logged => logged.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => logged.TrySetResult();
    }
}
