using JobService.Jobs;
using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Reads and writes batches, and the places of jobs in them.</summary>
internal sealed class BatchRows(sqlite3 database) : IBatchRows, BatchChange.IWriter, IDisposable
{
    private readonly SqliteStatement insert = new(database, """
        INSERT INTO batches (stamp, salt, queue, cancel_on_failure, is_open, created_at, idempotency) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)
        """);

    /// <summary>One batch, for <see cref="Read"/>.</summary>
    public const string Select = """
        SELECT salt, queue, cancel_on_failure, is_open, cancel_reason, stop_from, created_at, finished_at,
               total_count, succeeded_count, failed_count, cancelled_count, last_completion,
               (SELECT url FROM callbacks WHERE stamp = ?1)
        FROM   batches WHERE stamp = ?1
        """;

    private readonly SqliteStatement select = new(database, Select);

    private readonly SqliteStatement update = new(database, """
        UPDATE batches SET is_open = ?2, cancel_reason = ?3, stop_from = ?4, finished_at = ?5, total_count = ?6, succeeded_count = ?7, failed_count = ?8,
                           cancelled_count = ?9, last_completion = ?10
        WHERE  stamp = ?1
        """);

    private readonly SqliteStatement delete = new(database, "DELETE FROM batches WHERE stamp = ?1");
    private readonly SqliteStatement deleteIdempotency = new(database, "DELETE FROM idempotency WHERE key = ?1");

    private readonly SqliteStatement selectFrom = new(database, """
        SELECT batch_index, stamp FROM jobs INDEXED BY jobs_by_batch WHERE batch = ?1 AND batch_index >= ?2 ORDER BY batch_index LIMIT ?3
        """);

    private readonly SqliteStatement selectOpen = new(database, "SELECT stamp FROM batches INDEXED BY batches_open WHERE is_open = 1");
    private readonly SqliteStatement selectStopping = new(database, "SELECT stamp FROM batches INDEXED BY batches_stopping WHERE stop_from IS NOT NULL");

    public BatchRow? Find(long stamp) => Read(select, stamp);

    public static BatchRow? Read(SqliteStatement select, long stamp)
    {
        if (!select.Bind(1, stamp).Step())
            return null;
        var row = new BatchRow(JobId.FromParts(stamp, select.Int64(0)), select.Text(1))
        {
            CancelOnFailure = select.Int32(2) == 1,
            IsOpen = select.Int32(3) == 1,
            CancelReason = (CancelReason?)select.Int32OrNull(4),
            StopFrom = select.Int64OrNull(5),
            CreatedAt = select.Int64(6),
            FinishedAt = select.Int64OrNull(7),
            Total = select.Int64(8),
            Succeeded = select.Int64(9),
            Failed = select.Int64(10),
            Cancelled = select.Int64(11),
            LastCompletion = select.Int64(12),
            CallbackUrl = select.TextOrNull(13),
        };
        select.Reset();
        return row;
    }

    /// <summary>Jobs of a batch in order, in whatever state.</summary>
    public List<(long Index, long Job)> From(long batch, long index, int atMost)
    {
        var jobs = new List<(long, long)>();
        selectFrom.Bind(1, batch).Bind(2, index).Bind(3, atMost);
        while (selectFrom.Step())
            jobs.Add((selectFrom.Int64(0), selectFrom.Int64(1)));
        return jobs;
    }

    public List<long> Open() => Stamps(selectOpen);

    public List<long> Stopping() => Stamps(selectStopping);

    public int Write(BatchChange.Inserted change)
    {
        var batch = change.Batch;
        return insert.Bind(1, batch.Id.Stamp).Bind(2, batch.Id.Salt).Bind(3, batch.Queue).Bind(4, batch.CancelOnFailure ? 1 : 0).Bind(5, batch.CreatedAt)
            .Bind(6, batch.Idempotency).Run();
    }

    public int Write(BatchChange.Counted change)
    {
        var batch = change.Batch;
        return update.Bind(1, batch.Id.Stamp).Bind(2, batch.IsOpen ? 1 : 0).Bind(3, (long?)batch.CancelReason).Bind(4, batch.StopFrom).Bind(5, batch.FinishedAt)
            .Bind(6, batch.Total).Bind(7, batch.Succeeded).Bind(8, batch.Failed).Bind(9, batch.Cancelled).Bind(10, batch.LastCompletion).Run();
    }

    public int Write(BatchChange.Deleted change)
    {
        if (change.Idempotency is { } key)
            deleteIdempotency.Bind(1, key).Run();
        return delete.Bind(1, change.Stamp).Run();
    }

    public void Dispose()
    {
        foreach (var statement in new[] { insert, select, update, delete, deleteIdempotency, selectFrom, selectOpen, selectStopping })
            statement.Dispose();
    }

    private static List<long> Stamps(SqliteStatement statement)
    {
        var stamps = new List<long>();
        while (statement.Step())
            stamps.Add(statement.Int64(0));
        return stamps;
    }
}
