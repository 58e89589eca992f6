using JobService.Jobs;
using JobService.Storage;
using JobService.Storage.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Support;

/// <summary>A store of its own, in a temporary folder and with a clock that the test moves.</summary>
internal sealed class TemporaryStore : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("jobservice-store-").FullName;

    public TemporaryStore(ILogger<SqliteJobStore>? logger = null)
    {
        Ids = new JobIdSource(Time, new Random(7));
        Store = new SqliteJobStore(Options.Create(new StorageOptions { Path = DatabaseFile }), Ids, Time, logger ?? NullLogger<SqliteJobStore>.Instance).Running();
    }

    public string DatabaseFile => Path.Combine(folder, "jobs.db");

    public JobIdSource Ids { get; }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    public SqliteJobStore Store { get; }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
