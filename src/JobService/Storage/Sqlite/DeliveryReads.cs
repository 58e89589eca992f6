using Dapper;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Storage.Sqlite;

/// <summary>Reads of callbacks and their deliveries.</summary>
internal sealed class DeliveryReads(ReadConnections connections) : IDeliveryReads
{
    public Task<List<ReceiverDue>> ReceiversAsync() => connections.ScanAsync(connection =>
        connection.Query<(string Origin, long At)>("SELECT origin, min(next_at) FROM deliveries INDEXED BY deliveries_pending WHERE state = 0 GROUP BY origin")
            .Select(row => new ReceiverDue(row.Origin, Time(row.At))).ToList());

    public Task<List<PendingDelivery>> PendingAsync(string origin, int atMost) => connections.ReadAsync(connection =>
        connection.Query<(long Stamp, long Salt, long At)>(
            "SELECT stamp, salt, next_at FROM deliveries INDEXED BY deliveries_pending WHERE state = 0 AND origin = @origin ORDER BY next_at, stamp LIMIT @atMost",
            new { origin, atMost })
            .Select(row => new PendingDelivery(JobId.FromParts(row.Stamp, row.Salt), Time(row.At))).ToList());

    /// <summary>A pending delivery; null when it is no longer pending.</summary>
    public Task<DeliveryRead?> FindPendingAsync(JobId delivery) => connections.ReadAsync(connection => connection.QueryFirstOrDefault<DeliveryRead>(
        """
        SELECT d.subject AS Subject, ~d.salt AS SubjectSalt, d.type AS Type, d.next_at AS NextAt, d.failures AS Failures, d.body AS Body, d.ending AS Ending,
               c.url AS Url, c.secret AS Secret
        FROM   deliveries d JOIN callbacks c ON c.stamp = d.subject
        WHERE  d.stamp = @Stamp AND d.state = 0
        """,
        new { delivery.Stamp }));

    /// <summary>Pending deliveries to the same address as this one.</summary>
    public Task<List<long>> PendingBesideAsync(JobId delivery) => connections.ScanAsync(connection => connection.Query<long>(
        """
        SELECT d.stamp
        FROM   deliveries own JOIN callbacks c ON c.stamp = own.subject
               JOIN deliveries d INDEXED BY deliveries_pending ON d.origin = own.origin JOIN callbacks dc ON dc.stamp = d.subject AND dc.url = c.url
        WHERE  own.stamp = @Stamp AND d.state = 0
        """,
        new { delivery.Stamp }).AsList());

    /// <param name="subject">The job or the batch.</param>
    /// <param name="atMost">Maximum number, newest first.</param>
    /// <param name="only">Only this one.</param>
    public Task<List<Delivery>> DeliveriesAsync(JobId subject, int atMost, JobId? only = null) => connections.ReadAsync(connection =>
    {
        var deliveries = connection.Query<DeliveryRead>(
            """
            SELECT d.stamp AS Stamp, d.salt AS Salt, d.type AS Type, d.state AS State, d.created_at AS CreatedAt, d.next_at AS NextAt, c.url AS Url
            FROM   deliveries d INDEXED BY deliveries_by_subject JOIN callbacks c ON c.stamp = d.subject
            WHERE  d.subject = @Stamp AND (@only IS NULL OR d.stamp = @only) ORDER BY d.stamp DESC LIMIT @atMost
            """,
            new { subject.Stamp, atMost, only = only?.Stamp }).AsList();
        return deliveries.ConvertAll(delivery => delivery.ToDelivery(connection.Query<DeliveryTryRead>(
            "SELECT number AS Number, at AS At, duration AS Duration, status AS Status, error AS Error FROM delivery_tries WHERE delivery = @Stamp ORDER BY number",
            new { delivery.Stamp }).Select(row => row.ToAttempt())));
    });

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
