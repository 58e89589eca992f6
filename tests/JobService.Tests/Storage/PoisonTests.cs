using System.Buffers;
using Dapper;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;
using JobService.Tests.Support;
using Microsoft.Data.Sqlite;

namespace JobService.Tests.Storage;

/// <summary>Nothing that one submission holds may fail another's.</summary>
public sealed class PoisonTests : IAsyncLifetime
{
    private readonly TemporaryStore file = new();
    private readonly StoreDriver driver;

    public PoisonTests() => driver = new StoreDriver(file.Store, file.Ids, file.Time);

    public async ValueTask InitializeAsync() => await driver.PutQueueAsync("q");

    public ValueTask DisposeAsync() => file.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(19)]
    public async Task A_job_that_breaks_the_turn_fails_alone(int poison)
    {
        var jobs = Enumerable.Range(0, 20).Select(i => i == poison ? Poison() : driver.NewJob()).ToList();

        var additions = await driver.Store.AddAsync(jobs);

        Assert.IsType<Addition.Unstorable>(additions[poison]);
        Assert.Equal(jobs.Where((_, i) => i != poison).Select(job => job.Id), additions.OfType<Addition.Accepted>().Select(accepted => accepted.Job.Id));
        Assert.Null(driver.Store.Trouble);
        Assert.Equal(19, (await driver.ClaimAsync()).Count);
    }

    [Fact]
    public async Task What_was_offered_to_a_turn_that_broke_is_there_for_the_next()
    {
        var claim = driver.Store.ClaimAsync(driver.Store.Offer(2), CancellationToken.None);
        Assert.IsType<Addition.Unstorable>(Assert.Single(await driver.Store.AddAsync([Poison()])));
        await driver.AddManyAsync(3);

        Assert.Equal(2, (await claim.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken)).Jobs.Count);
    }

    [Fact]
    public async Task Of_an_upload_the_jobs_before_it_are_taken_in_and_none_behind_it()
    {
        var batch = driver.NewBatch();
        await driver.Store.OpenBatchAsync(batch);
        var jobs = driver.JobsOf(batch, 10);
        jobs[3] = jobs[3] with { Payload = Poison().Payload };

        var additions = await driver.Store.AddAsync([driver.NewJob(), .. jobs, driver.NewJob()]);

        Assert.Equal(
            [typeof(Addition.Accepted), .. Enumerable.Repeat(typeof(Addition.Accepted), 3), typeof(Addition.Unstorable), .. Enumerable.Repeat(typeof(Addition.Full), 6), typeof(Addition.Accepted)],
            additions.Select(addition => addition.GetType()));
        Assert.Equal(3, (await driver.Store.CloseBatchAsync(batch.Id))!.Total);
    }

    [Fact]
    public async Task A_store_that_could_not_be_written_goes_on_when_it_can()
    {
        var key = new IdempotencyKey("k", new byte[] { 1 });
        await using (var connection = new SqliteConnection($"Data Source={file.DatabaseFile};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await connection.ExecuteAsync("BEGIN IMMEDIATE"); // for longer than SQLite waits for a lock
            await Assert.ThrowsAsync<StorageUnavailableException>(() => driver.Store.PauseAsync("q", paused: true));
            Assert.NotNull(driver.Store.Trouble);
            await connection.ExecuteAsync("ROLLBACK");
        }

        await driver.AddAsync(driver.NewJob() with { Idempotency = key });
        Assert.Null(driver.Store.Trouble);
        Assert.IsType<Addition.Replayed>(await driver.SubmitAsync(driver.NewJob() with { Idempotency = key }));
    }

    [Fact]
    public async Task What_SQLite_refuses_is_no_trouble_of_the_storage()
    {
        await using (var connection = new SqliteConnection($"Data Source={file.DatabaseFile};Pooling=False"))
            await connection.ExecuteAsync("CREATE TRIGGER no_bad_key BEFORE INSERT ON jobs WHEN NEW.key = 'bad' BEGIN SELECT RAISE(ABORT, 'bad'); END");

        var additions = await driver.Store.AddAsync([driver.NewJob(), driver.NewJob(key: "bad"), driver.NewJob()]);

        Assert.Equal([typeof(Addition.Accepted), typeof(Addition.Unstorable), typeof(Addition.Accepted)], additions.Select(addition => addition.GetType()));
        Assert.Null(driver.Store.Trouble);
    }

    [Fact]
    public async Task An_end_that_cannot_be_written_fails_its_job_and_no_other()
    {
        await driver.AddManyAsync(3);
        var claimed = await driver.ClaimAsync();
        var ends = claimed.Select((job, i) => new AttemptEnd(job.Id, job.Lease, driver.Store.Now, driver.Store.Now, new JobOutcome.Succeeded(new JobResult(200, null, i == 1 ? Poison().Payload : "{}"u8.ToArray(), 2))));

        Assert.Equal(3, await driver.Store.FinishAsync([.. ends]));

        Assert.Equal([JobState.Succeeded, JobState.Failed, JobState.Succeeded], await Task.WhenAll(claimed.Select(async job => (await driver.GetAsync(job.Id)).State)));
        Assert.Equal(ErrorTypes.Processing, (await driver.GetAsync(claimed[1].Id)).Error!.Type);
    }

    [Fact]
    public async Task Who_begins_to_watch_beside_a_job_that_breaks_the_turn_is_told_once()
    {
        var isBusy = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        using var first = await driver.Store.WatchAsync((_, _) =>
        {
            isBusy.TrySetResult();
            goOn.Wait(TimeSpan.FromSeconds(10));
        });
        var adding = driver.AddAsync(driver.NewJob());
        await isBusy.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken); // the writer: what comes now comes together

        var told = new List<StoreEvent>();
        var watching = driver.Store.WatchAsync((_, changes) => told.AddRange(changes));
        var breaking = driver.Store.AddAsync([Poison()]);
        goOn.Set();
        using var watch = await watching;
        Assert.IsType<Addition.Unstorable>(Assert.Single(await breaking));
        await adding;
        await driver.AddAsync(driver.NewJob());

        Assert.Single(told);
    }

    [Fact]
    public async Task The_bytes_of_a_request_are_stored_as_they_came()
    {
        byte[] bytes = [0, 255, 254, (byte)'{'];
        await driver.PutQueueAsync("http", new QueueDefinition { Target = new HttpTarget { BaseAddress = "http://localhost:1" } });
        foreach (byte[] body in (byte[][])[bytes, []])
            await driver.AddAsync(driver.NewJob("http") with { Request = new ApiRequest { Body = body, BodyType = "a/b" } });
        await driver.AddAsync(driver.NewJob("http") with { Request = new ApiRequest() });

        var requests = (await driver.ClaimAsync()).Select(job => job.Request!.Read()).ToList();

        Assert.Equal([bytes, [], null], requests.Select(request => request.Body?.ToArray()));
        Assert.Equal(["a/b", "a/b", null], requests.Select(request => request.BodyType));
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_does_not_keep_the_others_from_being_claimed()
    {
        await driver.PutQueueAsync("http", new QueueDefinition { Target = new HttpTarget { BaseAddress = "http://localhost:1" } });
        var ids = new List<JobId>();
        for (var i = 0; i < 3; i++)
            ids.Add(await driver.AddAsync(driver.NewJob("http") with { Request = new ApiRequest { Path = "/x" } }));
        await using (var connection = new SqliteConnection($"Data Source={file.DatabaseFile};Pooling=False"))
            await connection.ExecuteAsync("UPDATE bodies SET request = '{' WHERE stamp = @Stamp", new { ids[1].Stamp });

        var claimed = await driver.ClaimAsync();

        Assert.Equal(ids, claimed.Select(job => job.Id));
        Assert.Equal([false, true, false], claimed.Select(job => Record.Exception(() => job.Request!.Read()) is System.Text.Json.JsonException));
    }

    private NewJob Poison() => driver.NewJob() with { Payload = new Bad().Memory };

    /// <summary>Throws when the turn reads it: no check at the door can foresee it.</summary>
    private sealed class Bad : MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(1);

        public override Span<byte> GetSpan() => throw new InvalidOperationException("poison");

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
