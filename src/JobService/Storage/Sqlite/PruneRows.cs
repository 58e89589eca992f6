using JobService.Jobs;
using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Finds rows that nobody needs any more, on walks through the tables, a few at a time.</summary>
internal sealed class PruneRows(sqlite3 database) : IDisposable
{
    private readonly SqliteStatement selectOld = new(database, """
        SELECT stamp, queue_id, state, callback, batch,
               state >= 2 AND finished_at < ?3
               AND (batch IS NULL OR EXISTS (SELECT 1 FROM batches WHERE stamp = j.batch AND finished_at < ?3))
               AND (callback IS NULL OR NOT EXISTS (SELECT 1 FROM deliveries d INDEXED BY deliveries_by_subject WHERE d.subject = j.stamp AND d.state = 0))
        FROM   jobs j WHERE stamp > ?1 AND stamp < ?2 ORDER BY stamp LIMIT ?4
        """);

    private readonly SqliteStatement selectOldBatches = new(database, """
        SELECT stamp, idempotency FROM batches b INDEXED BY batches_finished
        WHERE  finished_at < ?1 AND NOT EXISTS (SELECT 1 FROM jobs WHERE batch = b.stamp)
               AND NOT EXISTS (SELECT 1 FROM deliveries d INDEXED BY deliveries_by_subject WHERE d.subject = b.stamp AND d.state = 0)
        ORDER  BY finished_at LIMIT ?2
        """);

    private readonly SqliteStatement selectStates = new(database, """
        SELECT name, key, max(taken_until, paused_until, paced_until, factor_at) FROM limit_states WHERE (name, key) > (?1, ?2) ORDER BY name, key LIMIT ?3
        """);

    private readonly SqliteStatement selectStarts = new(database, """
        SELECT name, key, at FROM window_starts WHERE (name, key, at) > (?1, ?2, ?3) ORDER BY name, key, at LIMIT ?4
        """);

    public PruneFound Find(PruneQuery query)
    {
        var jobs = Jobs(query, out var end);
        return new PruneFound(jobs, end, Batches(query.FinishedBefore, query.AtMost), States(query.Walks.State, query.MaxRows), Starts(query.Walks.Start, query.MaxRows));
    }

    public void Dispose()
    {
        foreach (var statement in new[] { selectOld, selectOldBatches, selectStates, selectStarts })
            statement.Dispose();
    }

    /// <summary>The next jobs on the walk that nobody needs any more: a million that wait, or that belong to an unfinished batch, are not read in one turn.</summary>
    private List<OldJob> Jobs(PruneQuery query, out long end)
    {
        var old = new List<OldJob>();
        var read = 0;
        end = query.Walks.Job;
        selectOld.Bind(1, end).Bind(2, query.Newest).Bind(3, query.FinishedBefore).Bind(4, query.MaxRows);
        while (old.Count < query.AtMost && selectOld.Step())
        {
            read++;
            end = selectOld.Int64(0);
            if (selectOld.Int32(5) != 0)
                old.Add(new OldJob(end, selectOld.Int64(1), (JobState)selectOld.Int32(2), !selectOld.IsNull(3), selectOld.Int64OrNull(4)));
        }

        selectOld.Reset();
        if (old.Count < query.AtMost && read < query.MaxRows)
            end = 0;
        return old;
    }

    private List<(long Stamp, string? Idempotency)> Batches(long finishedBefore, int atMost)
    {
        var old = new List<(long, string?)>();
        selectOldBatches.Bind(1, finishedBefore).Bind(2, atMost);
        while (selectOldBatches.Step())
            old.Add((selectOldBatches.Int64(0), selectOldBatches.TextOrNull(1)));
        return old;
    }

    private List<(string Limit, string Key, long Until)> States((string Limit, string Key) behind, int atMost)
    {
        var states = new List<(string, string, long)>();
        selectStates.Bind(1, behind.Limit).Bind(2, behind.Key).Bind(3, atMost);
        while (selectStates.Step())
            states.Add((selectStates.Text(0), selectStates.Text(1), selectStates.Int64(2)));
        return states;
    }

    private List<(string Limit, string Key, long At)> Starts((string Limit, string Key, long At) behind, int atMost)
    {
        var starts = new List<(string, string, long)>();
        selectStarts.Bind(1, behind.Limit).Bind(2, behind.Key).Bind(3, behind.At).Bind(4, atMost);
        while (selectStarts.Step())
            starts.Add((selectStarts.Text(0), selectStarts.Text(1), selectStarts.Int64(2)));
        return starts;
    }
}
