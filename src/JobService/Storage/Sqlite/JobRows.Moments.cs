using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>Which jobs have a moment that has come, and when the next one comes.</summary>
internal sealed partial class JobRows
{
    private readonly SqliteStatement selectDue = new(database, $"""
        SELECT {QueuedColumns.All} FROM jobs INDEXED BY jobs_due
        WHERE  state = 0 AND due_at <= ?1 AND due_on_wall IS NULL ORDER BY due_at LIMIT ?2
        """);

    private readonly SqliteStatement selectDueOnWall = new(database, $"""
        SELECT {QueuedColumns.All} FROM jobs INDEXED BY jobs_due_on_wall
        WHERE  state = 0 AND due_at <= ?1 AND due_on_wall = 1 ORDER BY due_at LIMIT ?2
        """);

    private readonly SqliteStatement selectNextDue = new(database, """
        SELECT due_at FROM jobs INDEXED BY jobs_due WHERE state = 0 AND due_at IS NOT NULL AND due_on_wall IS NULL ORDER BY due_at LIMIT 1
        """);

    private readonly SqliteStatement selectNextDueOnWall = new(database, """
        SELECT due_at FROM jobs INDEXED BY jobs_due_on_wall WHERE state = 0 AND due_at IS NOT NULL AND due_on_wall = 1 ORDER BY due_at LIMIT 1
        """);

    private readonly SqliteStatement selectLate = new(database, """
        SELECT stamp FROM jobs WHERE state = 0 AND start_before <= ?1 ORDER BY start_before LIMIT ?2
        """);

    private readonly SqliteStatement selectNextDeadline = new(database, """
        SELECT start_before FROM jobs WHERE state = 0 AND start_before IS NOT NULL ORDER BY start_before LIMIT 1
        """);

    /// <summary>Whose moment of store time has come.</summary>
    public List<QueuedRow> Due(long now, int atMost) => QueuedColumns.ReadAll(selectDue.Bind(1, now).Bind(2, atMost));

    /// <summary>Whose moment of the machine's clock has come.</summary>
    public List<QueuedRow> DueOnWall(long wall, int atMost) => QueuedColumns.ReadAll(selectDueOnWall.Bind(1, wall).Bind(2, atMost));

    public long? NextDue() => First(selectNextDue);

    public long? NextDueOnWall() => First(selectNextDueOnWall);

    public List<long> Late(long wall, int atMost) => Stamps(selectLate.Bind(1, wall).Bind(2, atMost));

    public long? NextDeadline() => First(selectNextDeadline);
}
