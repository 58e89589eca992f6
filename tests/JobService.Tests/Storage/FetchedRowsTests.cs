using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage.Sqlite;

namespace JobService.Tests.Storage;

/// <summary>What a turn makes of a row that it has fetched is what the database makes of it: asked beside the rows themselves.</summary>
public sealed class FetchedRowsTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-fetched-");
    private readonly SqliteDatabase database;
    private readonly SqliteRows rows;
    private long lastStamp;
    private long lastLease;

    public FetchedRowsTests()
    {
        database = SqliteDatabase.Open(Path.Combine(folder.FullName, "jobs.db"));
        rows = new SqliteRows(database.Connect());
        rows.Begin();
    }

    public void Dispose()
    {
        rows.Dispose();
        database.Dispose();
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_change_makes_the_same_of_a_fetched_row_as_of_the_stored_one(int seed)
    {
        var random = new Random(seed);
        var jobs = Enumerable.Range(1, 8).Select(stamp => (long)stamp).ToList();
        var fetched = Fetch(jobs);
        var made = new HashSet<Type>();
        for (var step = 0; step < 1_500; step++)
        {
            var stamp = jobs[random.Next(jobs.Count)];
            var change = Next(fetched.Job(stamp), stamp, random);
            change.ApplyTo(fetched);
            rows.Write([change]);
            made.Add(change.GetType());
            Assert.Equal(Fetch(jobs).Job(stamp)?.ToString(), fetched.Job(stamp)?.ToString());
        }

        Assert.Superset(typeof(JobChange).GetNestedTypes().Where(type => type.IsClass).Except([typeof(JobChange.Remembered)]).ToHashSet(), made);
    }

    [Fact]
    public void What_nobody_has_named_is_not_taken_for_missing()
    {
        var fetched = Fetch([7]);

        Assert.Null(fetched.Job(7));
        Assert.Throws<InvalidOperationException>(() => fetched.Job(8));
        Assert.Throws<InvalidOperationException>(() => fetched.Batch(7));
        Assert.Throws<InvalidOperationException>(() => fetched.Key("k"));
        Assert.Throws<InvalidOperationException>(() => fetched.Delivery(7));
    }

    [Fact]
    public void A_key_that_was_used_in_the_same_turn_is_known()
    {
        var key = new IdempotencyKey("k", new byte[] { 1, 2 });
        var wanted = new Wanted();
        wanted.Keys.Add(key.Key);
        var fetched = rows.Fetch(wanted);
        Assert.Null(fetched.Key(key.Key));

        var change = new JobChange.Inserted(new NewRow(NewJob(1) with { Idempotency = key }), QueueId: 1, Now: 1, DueAt: null, Parked: null);
        change.ApplyTo(fetched);
        rows.Write([change]);

        Assert.Equal(JobId.FromParts(1, 1), fetched.Key(key.Key)!.Value.Subject);
        Assert.Equal(JobId.FromParts(1, 1), rows.Fetch(wanted).Key(key.Key)!.Value.Subject);
    }

    private Fetched Fetch(IEnumerable<long> jobs)
    {
        var wanted = new Wanted();
        wanted.Jobs.UnionWith(jobs);
        return rows.Fetch(wanted);
    }

    private JobChange Next(JobRow? row, long stamp, Random random)
    {
        long? started = random.Next(2) == 0 ? 5 : null;
        var (lease, undo, parked) = (row?.Lease ?? 0, random.Next(2) == 0, random.Next(3) is > 0 and var place ? place - 1 : (long?)null);
        return row?.State switch
        {
            null => new JobChange.Inserted(new NewRow(NewJob(stamp) with { Priority = (int)++lastStamp % 5 }), QueueId: 1, Now: 1, DueAt: random.Next(2) == 0 ? 9 : null, parked),
            JobState.Queued when row.DueAt is not null => new JobChange.CameDue(stamp, parked),
            JobState.Queued => random.Next(3) switch
            {
                0 => new JobChange.Placed(stamp, random.Next(2) == 0 ? Parked.InLockQueue : Parked.InLane),
                1 when row.Parked is null => new JobChange.Claimed(stamp, ++lastLease, StartedAt: 4),
                _ => new JobChange.Cancelled(stamp, Now: 6, CancelReason.Batch),
            },
            JobState.Running => random.Next(8) switch
            {
                0 => new JobChange.Succeeded(stamp, lease, StartedAt: 4, EndedAt: 7, new JobResult(200, ContentType: null, "{}"u8.ToArray(), 2)),
                1 => new JobChange.Failed(stamp, lease, started, EndedAt: 7, undo),
                2 => new JobChange.Stopped(stamp, lease, started, EndedAt: 7, undo, CancelReason.Deadline),
                3 => new JobChange.ToldToStop(stamp, random.Next(2) == 0 ? CancelReason.Request : CancelReason.Purge),
                4 => new JobChange.ErrorWritten(stamp, new JobError(ErrorTypes.Crash, Status: null, Detail: null)),
                5 => new JobChange.AttemptWritten(stamp, row.Attempt, StartedAt: 4, EndedAt: 7, Status: null, "failed"),
                _ => new JobChange.Requeued(stamp, lease, started, Now: 8)
                {
                    DueAt = random.Next(2) == 0 ? 9 : null,
                    CountFailure = random.Next(2) == 0,
                    UndoAttempt = undo,
                    Throttle = (ThrottleMark)random.Next(3),
                    Parked = parked,
                },
            },
            _ => random.Next(4) switch
            {
                0 => new JobChange.Deleted(stamp),
                1 => new JobChange.Numbered(stamp, Completion: 3),
                _ when row.State != JobState.Succeeded => new JobChange.Reopened(stamp, Wall: random.Next(2) * 100, parked),
                _ => new JobChange.Deleted(stamp),
            },
        };
    }

    private static NewJob NewJob(long stamp) => new()
    {
        Id = JobId.FromParts(stamp, stamp % 7),
        Queue = "q",
        Payload = "1"u8.ToArray(),
        Signal = stamp % 2 == 0 ? "go" : null,
        Lock = stamp % 3 == 0 ? "door" : null,
        StartBefore = stamp % 4 == 0 ? new DateTimeOffset(50, TimeSpan.Zero) : null,
    };
}
