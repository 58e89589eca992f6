using JobService.Jobs;
using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Everything that is kept of a job, deleted together.</summary>
internal sealed class PruneRows(sqlite3 database) : IPruneRows, IDisposable
{
    private readonly SqliteStatement selectOld = new(database, """
        SELECT stamp, queue_id, state, callback,
               state >= 2 AND finished_at < ?3
               AND (batch IS NULL OR EXISTS (SELECT 1 FROM batches WHERE stamp = j.batch AND finished_at < ?3))
               AND (callback IS NULL OR NOT EXISTS (SELECT 1 FROM deliveries d INDEXED BY deliveries_by_subject WHERE d.subject = j.stamp AND d.state = 0))
        FROM   jobs j WHERE stamp > ?1 AND stamp < ?2 ORDER BY stamp LIMIT ?4
        """);

    private readonly SqliteStatement selectBody = new(database, "SELECT tags, idempotency FROM bodies WHERE stamp = ?1");
    private readonly SqliteStatement selectOldBatches = new(database, """
        SELECT stamp, idempotency FROM batches b INDEXED BY batches_finished
        WHERE  finished_at < ?1 AND NOT EXISTS (SELECT 1 FROM jobs WHERE batch = b.stamp)
               AND NOT EXISTS (SELECT 1 FROM deliveries d INDEXED BY deliveries_by_subject WHERE d.subject = b.stamp AND d.state = 0)
        ORDER  BY finished_at LIMIT ?2
        """);

    private readonly SqliteStatement deleteBatch = new(database, "DELETE FROM batches WHERE stamp = ?1");
    private readonly SqliteStatement deleteTag = new(database, "DELETE FROM tags WHERE tag = ?1 AND stamp = ?2");
    private readonly SqliteStatement deleteIdempotency = new(database, "DELETE FROM idempotency WHERE key = ?1");

    private readonly SqliteStatement[] deletes =
    [
        new(database, "DELETE FROM attempts WHERE stamp = ?1"),
        new(database, "DELETE FROM errors WHERE stamp = ?1"),
        new(database, "DELETE FROM results WHERE stamp = ?1"),
        new(database, "DELETE FROM bodies WHERE stamp = ?1"),
        new(database, "DELETE FROM jobs WHERE stamp = ?1"),
    ];

    private long lastLooked;

    /// <summary>Jobs whose end is history, also to those who were to be told of it. The next ones on a walk: a million that wait, or that belong to a batch
    /// which goes on, are not looked at in one turn.</summary>
    /// <param name="newest">No job of this row number or a higher one has ended before <paramref name="finishedBefore"/>.</param>
    /// <param name="finishedBefore">Ticks of store time.</param>
    /// <param name="atMost">How many are wanted.</param>
    /// <param name="looks">Rows looked at, at most.</param>
    /// <returns>The jobs, and whether the walk has come to its end: the next one begins anew.</returns>
    public (List<(long Stamp, long QueueId, JobState State, bool HasCallback)> Jobs, bool IsEnd) Old(long newest, long finishedBefore, int atMost, int looks)
    {
        var old = new List<(long, long, JobState, bool)>();
        var looked = 0;
        selectOld.Bind(1, lastLooked).Bind(2, newest).Bind(3, finishedBefore).Bind(4, looks);
        while (old.Count < atMost && selectOld.Step())
        {
            looked++;
            lastLooked = selectOld.Int64(0);
            if (selectOld.Int32(4) != 0)
                old.Add((lastLooked, selectOld.Int64(1), (JobState)selectOld.Int32(2), !selectOld.IsNull(3)));
        }

        selectOld.Reset();
        var isEnd = old.Count < atMost && looked < looks;
        if (isEnd)
            lastLooked = 0;
        return (old, isEnd);
    }

    public void Delete(long stamp)
    {
        if (selectBody.Bind(1, stamp).Step())
        {
            var (tags, idempotency) = (selectBody.TextOrNull(0), selectBody.TextOrNull(1));
            selectBody.Reset();
            foreach (var (name, value) in tags is null ? new Dictionary<string, string>() : ColumnJson.ReadTexts(tags))
                deleteTag.Bind(1, $"{name}:{value}").Bind(2, stamp).Run();
            if (idempotency is not null)
                deleteIdempotency.Bind(1, idempotency).Run();
        }

        foreach (var delete in deletes)
            delete.Bind(1, stamp).Run();
    }

    /// <summary>Batches of which nothing but their own row is left.</summary>
    /// <returns>Which were deleted.</returns>
    public List<long> DeleteBatches(long finishedBefore, int atMost)
    {
        var old = new List<(long Stamp, string? Idempotency)>();
        selectOldBatches.Bind(1, finishedBefore).Bind(2, atMost);
        while (selectOldBatches.Step())
            old.Add((selectOldBatches.Int64(0), selectOldBatches.TextOrNull(1)));
        foreach (var (stamp, idempotency) in old)
        {
            if (idempotency is not null)
                deleteIdempotency.Bind(1, idempotency).Run();
            deleteBatch.Bind(1, stamp).Run();
        }

        return old.ConvertAll(batch => batch.Stamp);
    }

    public void Dispose()
    {
        foreach (var statement in deletes.Concat([selectOld, selectBody, selectOldBatches, deleteBatch, deleteTag, deleteIdempotency]))
            statement.Dispose();
    }
}
