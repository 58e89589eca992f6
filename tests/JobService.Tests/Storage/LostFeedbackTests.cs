using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Storage.Sqlite;
using JobService.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Storage;

public sealed class LostFeedbackTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("jobservice-feedback-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Feedback_that_cannot_be_written_is_told_and_breaks_nobody()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        var ids = new JobIdSource(time, new Random(7));
        var told = new Errors();
        var store = new SqliteJobStore(Options.Create(new StorageOptions { Path = Path.Combine(folder, "jobs.db") }), ids, time, told).Running();
        var driver = new StoreDriver(store, ids, time);
        await driver.PutQueueAsync("q");
        await driver.AddAsync(driver.NewJob());
        var job = Assert.Single(await driver.ClaimAsync());
        await store.DisposeAsync();

        await store.ReleaseAsync(job, new CallFeedback { Refused = true });

        Assert.Contains(job.Id.ToString(), Assert.Single(told.Messages), StringComparison.Ordinal);
    }

    private sealed class Errors : ILogger<SqliteJobStore>
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Messages.Add(formatter(state, exception));
        }
    }
}
