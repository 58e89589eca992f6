using JobService.Jobs;
using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Callbacks and their deliveries: what the writer changes of them.</summary>
internal sealed class DeliveryRows(sqlite3 database) : IDeliveryRows, IDisposable
{
    private readonly SqliteStatement insertCallback = new(database, "INSERT INTO callbacks (stamp, url, origin, secret) VALUES (?1, ?2, ?3, ?4)");

    private readonly SqliteStatement insertJobEvent = new(database, InsertEventSql("""
        json_object('state', j.state, 'attempt', j.attempt, 'finishedAt', j.finished_at, 'cancelReason', iif(j.state = 4, j.cancel_reason, NULL),
                    'errorType', e.type, 'errorStatus', e.status, 'errorDetail', e.detail)
        FROM jobs j JOIN callbacks c ON c.stamp = j.stamp LEFT JOIN errors e ON e.stamp = j.stamp AND j.state <> 2 WHERE j.stamp = ?3
        """));

    private readonly SqliteStatement insertEvent = new(database, InsertEventSql("?6 FROM callbacks c WHERE c.stamp = ?3"));

    private readonly SqliteStatement countTry = new(database, "UPDATE deliveries SET tries = tries + 1, body = COALESCE(body, ?2) WHERE stamp = ?1");

    private readonly SqliteStatement insertTry = new(database, """
        INSERT INTO delivery_tries (delivery, number, at, duration, status, error) SELECT stamp, tries, ?2, ?3, ?4, ?5 FROM deliveries WHERE stamp = ?1
        """);

    // Only as it was taken: one that was asked for again meanwhile stays pending. What has arrived has arrived, though.
    private readonly SqliteStatement settle = new(database, """
        UPDATE deliveries SET state = ?2, next_at = ?3, failures = failures + (?2 <> 1)
        WHERE  stamp = ?1 AND ((state = 0 AND next_at = ?4) OR (state = 3 AND ?2 = 1))
        """);

    private readonly SqliteStatement disableUrlOf = new(database, """
        INSERT OR REPLACE INTO disabled_urls (url, at) SELECT c.url, ?2 FROM deliveries d JOIN callbacks c ON c.stamp = d.subject WHERE d.stamp = ?1
        """);

    private readonly SqliteStatement enableUrlOf = new(database, "DELETE FROM disabled_urls WHERE url = (SELECT url FROM callbacks WHERE stamp = ?1)");

    private readonly SqliteStatement disable = new(database, """
        UPDATE deliveries SET state = 3, next_at = NULL
        WHERE  stamp = ?1 AND state = 0 AND EXISTS (SELECT 1 FROM disabled_urls u JOIN callbacks c ON c.url = u.url WHERE c.stamp = deliveries.subject)
        """);

    private readonly SqliteStatement redeliver = new(database, """
        UPDATE deliveries SET state = 0, next_at = ?4, failures = 0 WHERE stamp = ?1 AND salt = ?2 AND subject = ?3 RETURNING origin
        """);

    private readonly SqliteStatement selectLast = new(database, "SELECT max(stamp) FROM deliveries");

    private readonly SqliteStatement[] deletes =
    [
        new(database, "DELETE FROM delivery_tries WHERE delivery IN (SELECT stamp FROM deliveries INDEXED BY deliveries_by_subject WHERE subject = ?1)"),
        new(database, "DELETE FROM deliveries WHERE subject = ?1"),
        new(database, "DELETE FROM callbacks WHERE stamp = ?1"),
    ];

    private readonly SqliteStatement enableOld = new(database, "DELETE FROM disabled_urls WHERE at < ?1");

    public void InsertCallback(long subject, Callback callback) =>
        insertCallback.Bind(1, subject).Bind(2, callback.Url).Bind(3, callback.Origin).Bind(4, ColumnJson.Write(callback.Secret)).Run();

    /// <summary>An event with the job's row and error as its ending.</summary>
    /// <returns>The receiver that is to be told now; null when it wants no more.</returns>
    public string? InsertJobEvent(JobId id, long job, string type, long now) => InsertEvent(insertJobEvent, id, job, type, now);

    /// <returns>The receiver that is to be told now; null when it wants no more.</returns>
    public string? InsertEvent(JobId id, long subject, string type, long now, string ending) => InsertEvent(insertEvent.Bind(6, ending), id, subject, type, now);

    /// <returns>True when it stands as the try says; false when it was asked for again or deleted meanwhile.</returns>
    public bool FinishTry(DeliveryTry ended)
    {
        var stamp = ended.Pending.Id.Stamp;
        countTry.Bind(1, stamp);
        _ = ended.Body is { } body ? countTry.Bind(2, body.Span) : countTry.BindNull(2);
        countTry.Run();
        insertTry.Bind(1, stamp).Bind(2, ended.At.UtcTicks).Bind(3, ended.Duration.Ticks).Bind(4, ended.Status).Bind(5, ended.Error).Run();
        return settle.Bind(1, stamp).Bind(2, (long)ended.State).Bind(3, ended.NextAt?.UtcTicks).Bind(4, ended.Pending.At.UtcTicks).Run() == 1;
    }

    public void DisableUrlOf(JobId delivery, long now) => disableUrlOf.Bind(1, delivery.Stamp).Bind(2, now).Run();

    public void EnableUrlOf(JobId subject) => enableUrlOf.Bind(1, subject.Stamp).Run();

    /// <summary>Without effect when its address has been enabled again.</summary>
    public void Disable(long delivery) => disable.Bind(1, delivery).Run();

    /// <returns>The receiver; null when the subject has no such delivery.</returns>
    public string? Redeliver(JobId subject, JobId delivery, long now) =>
        First(redeliver.Bind(1, delivery.Stamp).Bind(2, delivery.Salt).Bind(3, subject.Stamp).Bind(4, now));

    /// <summary>The highest number of any delivery.</summary>
    public long Last()
    {
        selectLast.Step();
        var last = selectLast.Int64(0);
        selectLast.Reset();
        return last;
    }

    public void Delete(long subject)
    {
        foreach (var delete in deletes)
            delete.Bind(1, subject).Run();
    }

    public void EnableOld(long before) => enableOld.Bind(1, before).Run();

    public void Dispose()
    {
        foreach (var statement in deletes.Concat([
            insertCallback, insertJobEvent, insertEvent, countTry, insertTry, settle, disableUrlOf, enableUrlOf, disable, redeliver, selectLast, enableOld]))
        {
            statement.Dispose();
        }
    }

    // Born disabled when the receiver wants no more.
    private static string InsertEventSql(string endingAndSource) => $"""
        INSERT INTO deliveries (stamp, salt, subject, type, origin, created_at, state, next_at, ending)
        SELECT ?1, ?2, ?3, ?4, c.origin, ?5,
               CASE WHEN EXISTS (SELECT 1 FROM disabled_urls WHERE url = c.url) THEN 3 ELSE 0 END,
               CASE WHEN EXISTS (SELECT 1 FROM disabled_urls WHERE url = c.url) THEN NULL ELSE ?5 END,
               {endingAndSource}
        RETURNING CASE state WHEN 0 THEN origin END
        """;

    private static string? InsertEvent(SqliteStatement insert, JobId id, long subject, string type, long now) =>
        First(insert.Bind(1, id.Stamp).Bind(2, id.Salt).Bind(3, subject).Bind(4, type).Bind(5, now));

    /// <summary>The text that a change answers. It runs to its end: only then has it happened.</summary>
    private static string? First(SqliteStatement statement)
    {
        string? first = null;
        while (statement.Step())
            first = statement.TextOrNull(0);
        return first;
    }
}
