using System.Globalization;
using JobService.Jobs;
using JobService.Ledger;
using Microsoft.Data.Sqlite;

namespace JobService.Tests.Simulation;

/// <summary>All rows of a store as texts, table by table: what two stores have written is compared by it.</summary>
internal static class StoredText
{
    private static readonly (string Name, string Sql, Func<MemoryDatabase, IEnumerable<object?[]>> InMemory)[] Tables =
    [
        ("jobs", """
            SELECT stamp, salt, queue_id, key, state, priority, weight, weights, attempt, failures, max_attempts, timeout_ms, created_at, due_at, due_on_wall, start_before, lease, started_at,
                   finished_at, cancel_reason, throttled_since, lock, signal, parked, batch, batch_index, completion, callback
            FROM   jobs
            """, Jobs),
        ("bodies", "SELECT stamp, not_before, payload, request, tags, idempotency, request_body FROM bodies", store => store.Jobs.Rows.Select(job => new object?[]
        {
            job.Row.Id.Stamp, job.Submitted.Job.NotBefore?.UtcTicks, job.Submitted.Job.Payload, job.Submitted.RequestJson, job.Submitted.TagsJson, job.Submitted.Job.Idempotency?.Key, job.Submitted.Job.Request?.Body,
        })),
        ("tags", "SELECT tag, stamp FROM tags", store => store.Jobs.Rows.SelectMany(job => job.Submitted.Job.Tags ?? new Dictionary<string, string>(), (job, tag) => new object?[] { $"{tag.Key}:{tag.Value}", job.Row.Id.Stamp })),
        ("results", "SELECT stamp, status, content_type, body, headers FROM results", store => store.Results.All.Select(row => new object?[]
        {
            row.Key, row.Value.Status, row.Value.ContentType, row.Value.Body, row.Value.Headers is { } headers ? ColumnJson.Write(headers) : null,
        })),
        ("errors", "SELECT stamp, type, title, status, detail FROM errors", store => store.Errors.All.Select(row => new object?[] { row.Key, row.Value.Type, row.Value.Title, row.Value.Status, row.Value.Detail })),
        ("attempts", "SELECT stamp, number, started_at, ended_at, status, outcome FROM attempts", store => store.Attempts.Rows.Select(row => new object?[] { row.Stamp, row.Number, row.StartedAt, row.EndedAt, row.Status, row.Outcome })),
        ("idempotency", "SELECT key, fingerprint, stamp FROM idempotency", store => store.Keys.Rows.Select(row => new object?[] { row.Key.Key, row.Key.Fingerprint, row.Stamp })),
        ("signals", "SELECT name, set_count, set_at FROM signals", store => store.Signals.Rows.Select(row => new object?[] { row.Name, row.SetCount, row.SetAt })),
        ("limits", "SELECT name, definition, revision, declared, from_configuration FROM limits", store => store.Limits.Rows.Select(row => new object?[]
        {
            row.Entry.Name, ColumnJson.Write(row.Entry.Definition), row.Entry.Revision, row.Declared, row.Entry.FromConfiguration,
        })),
        ("limit_states", "SELECT name, key, taken_until, paused_until, factor, factor_at, paced_until, is_quick FROM limit_states", store => store.States.Rows.Select(row => new object?[]
        {
            row.Limit, row.Key, row.State.TakenUntil, row.State.PausedUntil, row.State.Factor, row.State.FactorAt, row.State.PacedUntil, row.State.IsQuick,
        })),
        ("window_starts", "SELECT name, key, at, weight FROM window_starts", store => store.Starts.Rows.Select(row => new object?[] { row.Limit, row.Key, row.At, row.Weight })),
        ("queues", """
            SELECT id, name, definition, paused, revision, declared, from_configuration, deleted, queued_count, running_count, succeeded_count, failed_count, cancelled_count
            FROM   queues
            """, store => store.Queues.Rows.Select(row => (object?[])[
            row.Id, row.Entry.Name, ColumnJson.Write(row.Entry.Definition), row.Entry.Paused, row.Entry.Revision, row.Declared, row.Entry.FromConfiguration, row.IsRetired, .. row.Counts.Cast<object?>()])),
        ("paused_lanes", "SELECT queue_id, key, paused_until, pace, slowed_at FROM paused_lanes", store => store.Lanes.Rows.Select(row => new object?[]
        {
            row.QueueId, row.Key, row.Learned.PausedUntil, row.Learned.Pace, row.Learned.SlowedAt,
        })),
        ("batches", """
            SELECT stamp, salt, queue, cancel_on_failure, is_open, cancel_reason, stop_from, created_at, finished_at, total_count, succeeded_count, failed_count, cancelled_count, last_completion,
                   idempotency
            FROM   batches
            """, store => store.Batches.Rows.Select(row => new object?[]
        {
            row.Id.Stamp, row.Id.Salt, row.Queue, row.CancelOnFailure, row.IsOpen, (long?)row.CancelReason, row.StopFrom, row.CreatedAt, row.FinishedAt, row.Total, row.Succeeded, row.Failed, row.Cancelled,
            row.LastCompletion, row.Idempotency,
        })),
        ("callbacks", "SELECT stamp, url, origin, secret FROM callbacks", store => store.Callbacks.All.Select(row => new object?[] { row.Key, row.Value.Url, row.Value.Origin, ColumnJson.Write(row.Value.Secret) })),
        ("deliveries", "SELECT stamp, salt, subject, type, state, origin, created_at, next_at, tries, failures, ending, body FROM deliveries", store => store.Deliveries.Rows.Select(row => new object?[]
        {
            row.Row.Id.Stamp, row.Row.Id.Salt, row.Row.Subject, row.Type, (long)row.Row.State, row.Row.Origin, row.CreatedAt, row.Row.NextAt, row.Tries, row.Failures, row.Ending, row.Body,
        })),
        ("delivery_tries", "SELECT delivery, number, at, duration, status, error FROM delivery_tries", store => store.Tries.All.Select(row => new object?[]
        {
            row.Key.Delivery, row.Key.Number, row.Value.At.UtcTicks, row.Value.Duration.Ticks, row.Value.Status, row.Value.Error,
        })),
        ("disabled_urls", "SELECT url, at FROM disabled_urls", store => store.DisabledUrls.All.Select(row => new object?[] { row.Key, row.Value.Now })),
        ("clock", "SELECT store_time, wall_time, stopwatch, boot_id FROM clock", store => store.Clock.Rows.Select(row => new object?[] { row.Clock.StoreTime, row.Clock.WallTime, row.Clock.Stopwatch, row.Clock.BootId })),
        ("opens", "SELECT id, opened_at FROM opens", store => store.Openings.All.Select(row => new object?[] { row.Key, row.Value.Now })),
    ];

    public static IEnumerable<string> Of(MemoryDatabase database) => Tables.SelectMany(table => Lines(table.Name, table.InMemory(database)));

    public static IEnumerable<string> Of(SqliteConnection connection) => Tables.SelectMany(table => Lines(table.Name, Read(connection, table.Sql)));

    private static IEnumerable<object?[]> Jobs(MemoryDatabase database) => database.Jobs.Rows.Select(stored =>
    {
        var (row, job) = (stored.Row, stored.Row.Job);
        return new object?[]
        {
            row.Id.Stamp, row.Id.Salt, row.QueueId, row.Key, (long)row.State, job.Priority, job.Weight, job.WeightsJson, row.Attempt, job.Failures, job.MaxAttempts, job.TimeoutMs, stored.CreatedAt, row.DueAt,
            stored.IsDueOnWall ? 1 : null, job.StartBefore, row.Lease, row.StartedAt, stored.FinishedAt, (long?)row.CancelReason, job.ThrottledSince, row.Lock, job.Signal, row.Parked, row.Batch?.Stamp,
            stored.Place?.Index, stored.Completion, job.HasCallback ? 1 : null,
        };
    });

    private static IEnumerable<string> Lines(string table, IEnumerable<object?[]> rows) =>
        rows.Select(row => $"{table}: {string.Join(" | ", row.Select(Text))}").Order(StringComparer.Ordinal);

    private static string Text(object? value) => value switch
    {
        null or DBNull => "-",
        bool flag => flag ? "1" : "0",
        byte[] bytes => Convert.ToHexString(bytes),
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static IEnumerable<object?[]> Read(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var row = new object?[reader.FieldCount];
            reader.GetValues(row!);
            yield return row;
        }
    }
}
