using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Storage.Sqlite;
using JobService.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobService.Tests.Intake;

/// <summary>Submissions in front of a store that takes no turn: what waits there stays there.</summary>
public sealed class JobIntakeTests : IAsyncDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-");
    private readonly JobIdSource ids;
    private readonly SqliteJobStore store;
    private readonly JobIntake intake;

    public JobIntakeTests()
    {
        ids = new JobIdSource(time, new Random(7));
        var options = Options.Create(new StorageOptions { Path = Path.Combine(folder.FullName, "jobs.db") });
        store = new SqliteJobStore(options, ids, time, NullLogger<SqliteJobStore>.Instance, new SubmissionBounds(Capacity: 1));
        intake = new JobIntake(store, new QueueCapacity(store, time, () => 0), Options.Create(new IntakeOptions()), time);
        Assert.True(store.TryAdd(Job(), out _));
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Who_waits_in_front_of_a_full_store_is_told_at_once_that_the_service_stops()
    {
        using var stop = new CancellationTokenSource();
        var second = intake.SubmitAsync(Job(), CancellationToken.None, stop.Token);
        Assert.False(second.IsCompleted);

        await stop.CancelAsync();

        Assert.IsType<Addition.Draining>(await second.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Who_has_waited_long_enough_is_told_that_it_is_full()
    {
        var second = intake.SubmitAsync(Job(), CancellationToken.None, CancellationToken.None);
        Assert.False(second.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(new IntakeOptions().MaxWaitSeconds));

        Assert.IsType<Addition.Full>(await second.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken));
    }

    private NewJob Job() => new() { Id = ids.Next(), Queue = "q", Key = "", Payload = "1"u8.ToArray() };
}
