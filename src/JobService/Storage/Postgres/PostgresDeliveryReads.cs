using Dapper;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Storage.Postgres;

/// <summary>Reads of callbacks and their deliveries.</summary>
internal sealed class PostgresDeliveryReads(PostgresConnections connections) : IDeliveryReads
{
    public Task<List<ReceiverDue>> ReceiversAsync() => connections.ReadAsync(async connection =>
        (await connection.QueryAsync<(string Origin, long At)>("SELECT origin, min(next_at) FROM deliveries WHERE state = 0 GROUP BY origin"))
            .Select(row => new ReceiverDue(row.Origin, Time(row.At))).ToList());

    public Task<List<PendingDelivery>> PendingAsync(string origin, int atMost) => connections.ReadAsync(async connection =>
        (await connection.QueryAsync<(long Stamp, long Salt, long At)>(
            "SELECT stamp, salt, next_at FROM deliveries WHERE state = 0 AND origin = @origin ORDER BY next_at, stamp LIMIT @atMost", new { origin, atMost }))
            .Select(row => new PendingDelivery(JobId.FromParts(row.Stamp, row.Salt), Time(row.At))).ToList());

    public Task<DeliveryRead?> FindPendingAsync(JobId delivery) => connections.ReadAsync(connection => connection.QueryFirstOrDefaultAsync<DeliveryRead>(
        """
        SELECT d.subject AS "Subject", ~d.salt AS "SubjectSalt", d.type AS "Type", d.next_at AS "NextAt", d.failures AS "Failures", d.body AS "Body", d.ending AS "Ending",
               c.url AS "Url", c.secret AS "Secret"
        FROM   deliveries d JOIN callbacks c ON c.stamp = d.subject
        WHERE  d.stamp = @Stamp AND d.state = 0
        """,
        new { delivery.Stamp }));

    public Task<List<long>> PendingBesideAsync(JobId delivery) => connections.ReadAsync(async connection => (await connection.QueryAsync<long>(
        """
        SELECT d.stamp
        FROM   deliveries own JOIN callbacks c ON c.stamp = own.subject JOIN deliveries d ON d.origin = own.origin JOIN callbacks dc ON dc.stamp = d.subject AND dc.url = c.url
        WHERE  own.stamp = @Stamp AND d.state = 0
        """,
        new { delivery.Stamp })).AsList());

    public Task<List<Delivery>> DeliveriesAsync(JobId subject, int atMost, JobId? only = null) => connections.ReadAsync(async connection =>
    {
        var deliveries = (await connection.QueryAsync<DeliveryRead>(
            """
            SELECT d.stamp AS "Stamp", d.salt AS "Salt", d.type AS "Type", d.state AS "State", d.created_at AS "CreatedAt", d.next_at AS "NextAt", c.url AS "Url"
            FROM   deliveries d JOIN callbacks c ON c.stamp = d.subject
            WHERE  d.subject = @Stamp AND (@only::bigint IS NULL OR d.stamp = @only) ORDER BY d.stamp DESC LIMIT @atMost
            """,
            new { subject.Stamp, atMost, only = only?.Stamp })).AsList();
        var tries = (await connection.QueryAsync<(long Delivery, int Number, long At, long Duration, int? Status, string? Error)>(
            "SELECT delivery, number, at, duration, status, error FROM delivery_tries WHERE delivery = ANY (@stamps) ORDER BY number",
            new { stamps = deliveries.Select(delivery => delivery.Stamp).ToArray() })).ToLookup(each => each.Delivery);
        return deliveries.ConvertAll(delivery => delivery.ToDelivery(tries[delivery.Stamp].Select(each => new DeliveryAttempt(each.Number, Time(each.At), each.Status, new TimeSpan(each.Duration), each.Error))));
    });

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
