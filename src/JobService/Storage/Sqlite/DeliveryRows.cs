using JobService.Jobs;
using JobService.Ledger;
using SQLitePCL;

namespace JobService.Storage.Sqlite;

/// <summary>Writes callbacks and their deliveries.</summary>
internal sealed class DeliveryRows(sqlite3 database) : IDeliveryRows, DeliveryChange.IWriter, IDisposable
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

    private readonly SqliteStatement find = new(database, "SELECT salt, subject, origin, state, next_at FROM deliveries WHERE stamp = ?1");

    // A delivery that has arrived is delivered, even if it was disabled meanwhile.
    private readonly SqliteStatement settle = new(database, """
        UPDATE deliveries SET state = ?2, next_at = ?3, failures = failures + (?2 <> 1) WHERE stamp = ?1 AND (state = 0 OR (state = 3 AND ?2 = 1))
        """);

    private readonly SqliteStatement disableUrlOf = new(database, """
        INSERT OR REPLACE INTO disabled_urls (url, at) SELECT c.url, ?2 FROM deliveries d JOIN callbacks c ON c.stamp = d.subject WHERE d.stamp = ?1
        """);

    private readonly SqliteStatement enableUrlOf = new(database, "DELETE FROM disabled_urls WHERE url = (SELECT url FROM callbacks WHERE stamp = ?1)");

    private readonly SqliteStatement disable = new(database, """
        UPDATE deliveries SET state = 3, next_at = NULL
        WHERE  stamp = ?1 AND state = 0 AND EXISTS (SELECT 1 FROM disabled_urls u JOIN callbacks c ON c.url = u.url WHERE c.stamp = deliveries.subject)
        """);

    private readonly SqliteStatement redeliver = new(database, "UPDATE deliveries SET state = 0, next_at = ?2, failures = 0 WHERE stamp = ?1");

    private readonly SqliteStatement selectLast = new(database, "SELECT max(stamp) FROM deliveries");

    private readonly SqliteStatement[] deletes =
    [
        new(database, "DELETE FROM delivery_tries WHERE delivery IN (SELECT stamp FROM deliveries INDEXED BY deliveries_by_subject WHERE subject = ?1)"),
        new(database, "DELETE FROM deliveries WHERE subject = ?1"),
        new(database, "DELETE FROM callbacks WHERE stamp = ?1"),
    ];

    private readonly SqliteStatement enableOld = new(database, "DELETE FROM disabled_urls WHERE at < ?1");

    private readonly List<string> due = [];

    public DeliveryRow? Find(long delivery)
    {
        if (!find.Bind(1, delivery).Step())
            return null;
        var row = new DeliveryRow(JobId.FromParts(delivery, find.Int64(0)), find.Int64(1), find.Text(2), (DeliveryState)find.Int32(3), find.Int64OrNull(4));
        find.Reset();
        return row;
    }

    /// <summary>The highest number of any delivery.</summary>
    public long Last()
    {
        selectLast.Step();
        var last = selectLast.Int64(0);
        selectLast.Reset();
        return last;
    }

    /// <summary>Receivers of the events created since the last call.</summary>
    public IReadOnlyCollection<string> TakeDue()
    {
        if (due.Count == 0)
            return [];
        string[] receivers = [.. due];
        due.Clear();
        return receivers;
    }

    public int Write(DeliveryChange.CallbackInserted change)
    {
        var callback = change.Callback;
        return insertCallback.Bind(1, change.Subject).Bind(2, callback.Url).Bind(3, callback.Origin).Bind(4, ColumnJson.Write(callback.Secret)).Run();
    }

    public int Write(DeliveryChange.JobAnnounced change) => Announce(insertJobEvent, change.Id, change.Job, change.Type, change.Now);

    public int Write(DeliveryChange.BatchAnnounced change) => Announce(insertEvent.Bind(6, change.Ending), change.Id, change.Batch, change.Type, change.Now);

    public int Write(DeliveryChange.Tried change)
    {
        var (ended, stamp) = (change.Try, change.Try.Pending.Id.Stamp);
        countTry.Bind(1, stamp);
        _ = ended.Body is { } body ? countTry.Bind(2, body.Span) : countTry.BindNull(2);
        countTry.Run();
        return insertTry.Bind(1, stamp).Bind(2, ended.At.UtcTicks).Bind(3, ended.Duration.Ticks).Bind(4, ended.Status).Bind(5, ended.Error).Run();
    }

    public int Write(DeliveryChange.Settled change) => settle.Bind(1, change.Delivery).Bind(2, (long)change.State).Bind(3, change.NextAt).Run();

    public int Write(DeliveryChange.Redelivered change) => redeliver.Bind(1, change.Delivery).Bind(2, change.Now).Run();

    public int Write(DeliveryChange.Disabled change) => disable.Bind(1, change.Delivery).Run();

    public int Write(DeliveryChange.UrlDisabled change) => disableUrlOf.Bind(1, change.Delivery).Bind(2, change.Now).Run();

    public int Write(DeliveryChange.UrlEnabled change) => enableUrlOf.Bind(1, change.Subject).Run();

    public int Write(DeliveryChange.OldUrlsEnabled change) => enableOld.Bind(1, change.Before).Run();

    public int Write(DeliveryChange.SubjectDeleted change) => deletes.Sum(delete => delete.Bind(1, change.Subject).Run());

    public void Dispose()
    {
        foreach (var statement in deletes.Concat([
            insertCallback, insertJobEvent, insertEvent, countTry, insertTry, find, settle, disableUrlOf, enableUrlOf, disable, redeliver, selectLast, enableOld]))
        {
            statement.Dispose();
        }
    }

    // Disabled from the start when the receiver has responded with 410.
    private static string InsertEventSql(string endingAndSource) => $"""
        INSERT INTO deliveries (stamp, salt, subject, type, origin, created_at, state, next_at, ending)
        SELECT ?1, ?2, ?3, ?4, c.origin, ?5,
               CASE WHEN EXISTS (SELECT 1 FROM disabled_urls WHERE url = c.url) THEN 3 ELSE 0 END,
               CASE WHEN EXISTS (SELECT 1 FROM disabled_urls WHERE url = c.url) THEN NULL ELSE ?5 END,
               {endingAndSource}
        RETURNING CASE state WHEN 0 THEN origin END
        """;

    private int Announce(SqliteStatement insert, JobId id, long subject, string type, long now)
    {
        var rows = 0;
        insert.Bind(1, id.Stamp).Bind(2, id.Salt).Bind(3, subject).Bind(4, type).Bind(5, now);
        // The insert takes effect only when the statement has run to its end.
        while (insert.Step())
        {
            rows++;
            if (insert.TextOrNull(0) is { } origin)
                due.Add(origin);
        }

        return rows;
    }
}
