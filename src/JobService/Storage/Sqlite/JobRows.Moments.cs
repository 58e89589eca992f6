using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>Finds the jobs that are due, and when the next one will be.</summary>
internal sealed partial class JobRows
{
    private readonly SqliteStatement selectDue = new(database, $"""
        SELECT {JobColumns} FROM jobs INDEXED BY jobs_due
        WHERE  state = 0 AND due_at <= ?1 AND due_on_wall IS NULL ORDER BY due_at LIMIT ?2
        """);

    private readonly SqliteStatement selectDueOnWall = new(database, $"""
        SELECT {JobColumns} FROM jobs INDEXED BY jobs_due_on_wall
        WHERE  state = 0 AND due_at <= ?1 AND due_on_wall = 1 ORDER BY due_at LIMIT ?2
        """);

    private readonly SqliteStatement selectNextDue = new(database, """
        SELECT due_at FROM jobs INDEXED BY jobs_due WHERE state = 0 AND due_at > ?1 AND due_on_wall IS NULL ORDER BY due_at LIMIT 1
        """);

    private readonly SqliteStatement selectNextDueOnWall = new(database, """
        SELECT due_at FROM jobs INDEXED BY jobs_due_on_wall WHERE state = 0 AND due_at > ?1 AND due_on_wall = 1 ORDER BY due_at LIMIT 1
        """);

    private readonly SqliteStatement selectLate = new(database, $"""
        SELECT {JobColumns} FROM jobs WHERE state = 0 AND start_before <= ?1 ORDER BY start_before LIMIT ?2
        """);

    private readonly SqliteStatement selectNextDeadline = new(database, """
        SELECT start_before FROM jobs WHERE state = 0 AND start_before > ?1 ORDER BY start_before LIMIT 1
        """);

    public long? NextDue() => First(selectNextDue.Bind(1, long.MinValue));

    public long? NextDueOnWall() => First(selectNextDueOnWall.Bind(1, long.MinValue));

    public long? NextDeadline() => First(selectNextDeadline.Bind(1, long.MinValue));

    /// <summary>Queued jobs that are due, first those that follow the machine's clock, and the next due times after them.</summary>
    public void FetchDue(Fetched fetched, long now, long wall)
    {
        var onWall = ReadJobs(selectDueOnWall.Bind(1, wall).Bind(2, Wanted.MostDue));
        var left = Wanted.MostDue - onWall.Count;
        var ofStore = ReadJobs(selectDue.Bind(1, now).Bind(2, left));
        fetched.Due.AddRange(Put(fetched, onWall));
        fetched.Due.AddRange(Put(fetched, ofStore));
        // The maximum was found: there may be more.
        fetched.NextDue = (
            ofStore.Count == left ? now : First(selectNextDue.Bind(1, now)) ?? LedgerMemory.Never,
            left == 0 ? wall : First(selectNextDueOnWall.Bind(1, wall)) ?? LedgerMemory.Never);
    }

    /// <summary>Queued jobs whose deadline has passed, and the next deadline after them.</summary>
    public void FetchLate(Fetched fetched, long wall)
    {
        var late = ReadJobs(selectLate.Bind(1, wall).Bind(2, Wanted.MostDue));
        fetched.Late.AddRange(Put(fetched, late));
        fetched.NextDeadline = late.Count == Wanted.MostDue ? wall : First(selectNextDeadline.Bind(1, wall)) ?? LedgerMemory.Never;
    }

    private static IEnumerable<long> Put(Fetched fetched, List<JobRow> jobs)
    {
        foreach (var job in jobs)
            fetched.PutJob(job.Id.Stamp, job);
        return jobs.Select(job => job.Id.Stamp);
    }
}
