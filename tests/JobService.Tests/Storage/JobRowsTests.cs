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
    private readonly JobWrites writes;
    private readonly long stamp;

    public JobRowsTests()
    {
        database = SqliteDatabase.Open(Path.Combine(folder.FullName, "jobs.db"));
        connection = database.Connect();
        connection.Handle!.enable_sqlite3_next_stmt(true);
        rows = new JobRows(connection.Handle!);
        writes = new JobWrites(connection.Handle!);
        var job = new NewJob { Id = new JobIdSource(TimeProvider.System, new Random(1)).Next(), Queue = "q", Payload = "1"u8.ToArray() };
        stamp = job.Id.Stamp;
        Assert.Equal(1, writes.Write(new JobChange.Inserted(new NewRow(job), QueueId: 1, Now: 1, DueAt: null, Parked: null)));
        Assert.Equal(1, writes.Write(new JobChange.Claimed(stamp, Lease, StartedAt: 2)));
    }

    public void Dispose()
    {
        rows.Dispose();
        writes.Dispose();
        connection.Dispose();
        database.Dispose();
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_stranger_ends_nothing()
    {
        var result = new JobResult(200, "application/json", "{}"u8.ToArray(), 2);

        Assert.Equal(0, writes.Write(new JobChange.Succeeded(stamp, Stranger, 2, 3, result)));
        Assert.Equal(0, writes.Write(new JobChange.Failed(stamp, Stranger, 2, 3, UndoAttempt: false)));
        Assert.Equal(0, writes.Write(new JobChange.Stopped(stamp, Stranger, 2, 3, UndoAttempt: false, CancelReason.Request)));
        Assert.Equal(0, writes.Write(new JobChange.Requeued(stamp, Stranger, 2, 3) { Throttle = ThrottleMark.Clear }));

        Assert.Equal((JobState.Running, Lease), (rows.Find(stamp)!.State, rows.Find(stamp)!.Lease));
        Assert.Equal(1, writes.Write(new JobChange.Succeeded(stamp, Lease, 2, 3, result)));
        Assert.Equal(0, writes.Write(new JobChange.Succeeded(stamp, Lease, 2, 3, result)));
    }

    [Fact]
    public void A_statement_is_compiled_once_whatever_is_bound()
    {
        for (var atMost = 1; atMost <= 3; atMost++)
        {
            rows.Heads([new LaneLook(QueueId: 1, Key: "", atMost)]);
            rows.FetchDue(new Fetched(), now: atMost, wall: 1);
            rows.FetchLate(new Fetched(), wall: atMost);
        }

        var statement = raw.sqlite3_next_stmt(connection.Handle, null);
        Assert.NotNull(statement);
        for (; statement is not null; statement = raw.sqlite3_next_stmt(connection.Handle, statement))
            Assert.True(raw.sqlite3_stmt_status(statement, Recompiled, 0) == 0, raw.sqlite3_sql(statement).utf8_to_string());
    }

    [Fact]
    public void A_change_that_does_not_find_its_row_is_no_change_of_this_store()
    {
        using var all = new SqliteRows(database.Connect());
        JobChange placed = new JobChange.Placed(stamp, Parked.InLockQueue); // it runs

        var refusal = Assert.Throws<InvalidOperationException>(() => all.Write([placed]));

        Assert.Contains($"JobChange.Placed of row {stamp}", refusal.Message);
    }

    [Fact]
    public void Changes_are_written_in_their_order()
    {
        using var all = new SqliteRows(database.Connect());

        all.Write([
            new JobChange.Requeued(stamp, Lease, StartedAt: 2, Now: 3) { Throttle = ThrottleMark.Clear, Parked = Parked.InLockQueue },
            new JobChange.Placed(stamp, Parked.InLane),
            new JobChange.Claimed(stamp, Stranger, StartedAt: 4),
            new JobChange.ToldToStop(stamp, CancelReason.Request),
        ]);

        Assert.Equal((JobState.Running, Stranger, CancelReason.Request), (rows.Find(stamp)!.State, rows.Find(stamp)!.Lease, rows.Find(stamp)!.CancelReason));
    }

    [Fact]
    public void What_runs_cannot_be_claimed_and_what_ended_is_not_cancelled()
    {
        Assert.Equal(0, writes.Write(new JobChange.Claimed(stamp, Stranger, StartedAt: 3)));
        Assert.Equal(0, writes.Write(new JobChange.Cancelled(stamp, Now: 3, CancelReason.Request)));
        Assert.Equal(0, writes.Write(new JobChange.Reopened(stamp, Wall: 3, Parked: null)));
    }
}
