using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace JobService.Tests.Storage;

/// <summary>The fence in the statements themselves: it holds also where no memory stands before it.</summary>
public sealed class JobRowsTests : IDisposable
{
    private const long Lease = 7;
    private const long Stranger = 8;

    /// <summary>SQLITE_STMTSTATUS_REPREPARE (https://sqlite.org/c3ref/c_stmtstatus_counter.html).</summary>
    private const int Recompiled = 5;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-rows-");
    private readonly SqliteDatabase database;
    private readonly SqliteConnection connection;
    private readonly JobRows rows;
    private readonly long stamp;

    public JobRowsTests()
    {
        database = SqliteDatabase.Open(Path.Combine(folder.FullName, "jobs.db"));
        connection = database.Connect();
        connection.Handle!.enable_sqlite3_next_stmt(true);
        rows = new JobRows(connection.Handle!);
        var job = new NewJob { Id = new JobIdSource(TimeProvider.System, new Random(1)).Next(), Queue = "q", Payload = "1"u8.ToArray() };
        stamp = job.Id.Stamp;
        rows.Insert(new NewRow(job), queueId: 1, now: 1, dueAt: null, parked: null);
        Assert.True(rows.Claim(stamp, Lease, startedAt: 2));
    }

    public void Dispose()
    {
        rows.Dispose();
        connection.Dispose();
        database.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_stranger_ends_nothing()
    {
        var result = new JobResult(200, "application/json", "{}"u8.ToArray(), 2);

        Assert.False(rows.Succeed(stamp, Stranger, 2, 3, result));
        Assert.False(rows.Fail(stamp, Stranger, 2, 3, undoAttempt: false));
        Assert.False(rows.Stop(stamp, Stranger, 2, 3, undoAttempt: false, CancelReason.Request));
        Assert.False(rows.Requeue(stamp, Stranger, 2, 3, dueAt: null, countFailure: true, undoAttempt: false, ThrottleMark.Clear, parked: null));

        Assert.Equal((JobState.Running, Lease), (rows.Find(stamp)!.State, rows.Find(stamp)!.Lease));
        Assert.True(rows.Succeed(stamp, Lease, 2, 3, result));
        Assert.False(rows.Succeed(stamp, Lease, 2, 3, result));
    }

    [Fact]
    public void A_statement_is_compiled_once_whatever_is_bound()
    {
        for (var atMost = 1; atMost <= 3; atMost++)
        {
            rows.Heads([new LaneLook(QueueId: 1, Key: "", atMost)]);
            rows.Due(now: 1, atMost);
            rows.Late(wall: 1, atMost);
        }

        var statement = raw.sqlite3_next_stmt(connection.Handle, null);
        Assert.NotNull(statement);
        for (; statement is not null; statement = raw.sqlite3_next_stmt(connection.Handle, statement))
            Assert.True(raw.sqlite3_stmt_status(statement, Recompiled, 0) == 0, raw.sqlite3_sql(statement).utf8_to_string());
    }

    [Fact]
    public void What_runs_cannot_be_claimed_and_what_ended_is_not_cancelled()
    {
        Assert.False(rows.Claim(stamp, Stranger, startedAt: 3));
        Assert.False(rows.CancelQueued(stamp, now: 3, CancelReason.Request));
        Assert.False(rows.Reopen(stamp, wall: 3, parked: null));
    }
}
