using JobService.Jobs;
using JobService.Storage;
using JobService.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Events;

/// <summary>A store to listen to, in a temporary folder and with a clock of its own.</summary>
internal sealed class TemporaryStore : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("jobservice-events-").FullName;

    public TemporaryStore() => Store = new SqliteJobStore(
        Options.Create(new StorageOptions { Path = Path.Combine(folder, "jobs.db") }), new JobIdSource(Time, new Random(7)), Time, NullLogger<SqliteJobStore>.Instance);

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    public SqliteJobStore Store { get; }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
