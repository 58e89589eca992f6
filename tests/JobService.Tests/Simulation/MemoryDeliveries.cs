using System.Text.Json;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>Callbacks and their deliveries.</summary>
internal sealed class MemoryDeliveries(MemoryDatabase database) : IDeliveryRows, DeliveryChange.IWriter
{
    private readonly List<string> due = [];

    public long Last() => database.Deliveries.Rows.Select(delivery => delivery.Row.Id.Stamp).DefaultIfEmpty().Max();

    /// <summary>Receivers of what has been announced since the last time.</summary>
    public IReadOnlyCollection<string> TakeDue()
    {
        string[] receivers = [.. due];
        due.Clear();
        return receivers;
    }

    public int Write(DeliveryChange.CallbackInserted change) => database.Callbacks.Insert(change.Subject, change.Callback);

    public int Write(DeliveryChange.JobAnnounced change)
    {
        if (database.Jobs.Find(change.Job) is not { Row: var row, FinishedAt: var finishedAt })
            return 0;
        var error = row.State == JobState.Succeeded ? null : database.Errors.Find(change.Job);
        var ending = JsonSerializer.Serialize(new
        {
            state = (int)row.State,
            attempt = row.Attempt,
            finishedAt,
            cancelReason = row.State == JobState.Cancelled ? (int?)row.CancelReason : null,
            errorType = error?.Type,
            errorStatus = error?.Status,
            errorDetail = error?.Detail,
        });
        return Announce(change.Id, change.Job, change.Type, change.Now, ending);
    }

    public int Write(DeliveryChange.BatchAnnounced change) => Announce(change.Id, change.Batch, change.Type, change.Now, change.Ending);

    public int Write(DeliveryChange.Tried change)
    {
        var ended = change.Try;
        var stamp = ended.Pending.Id.Stamp;
        return database.Deliveries.Update(stamp, delivery => delivery with { Tries = delivery.Tries + 1, Body = delivery.Body ?? ended.Body }) == 0
            ? 0
            : database.Tries.Insert((stamp, database.Deliveries.Find(stamp)!.Tries), ended);
    }

    public int Write(DeliveryChange.Settled change) => database.Deliveries.Update(change.Delivery, delivery =>
        delivery.Row.State == DeliveryState.Pending || (delivery.Row.State == DeliveryState.Disabled && change.State == DeliveryState.Delivered)
            ? delivery with
            {
                Row = delivery.Row with { State = change.State, NextAt = change.NextAt },
                Failures = delivery.Failures + (change.State == DeliveryState.Delivered ? 0 : 1),
            }
            : null);

    public int Write(DeliveryChange.Redelivered change) => database.Deliveries.Update(change.Delivery, delivery =>
        delivery with { Row = delivery.Row with { State = DeliveryState.Pending, NextAt = change.Now }, Failures = 0 });

    public int Write(DeliveryChange.Disabled change) => database.Deliveries.Update(change.Delivery, delivery =>
        delivery.Row.State == DeliveryState.Pending && IsDisabled(database.Callbacks.Find(delivery.Row.Subject))
            ? delivery with { Row = delivery.Row with { State = DeliveryState.Disabled, NextAt = null } }
            : null);

    public int Write(DeliveryChange.UrlDisabled change) =>
        database.Deliveries.Find(change.Delivery) is { } delivery && database.Callbacks.Find(delivery.Row.Subject) is { } callback
            ? database.DisabledUrls.Put(callback.Url, change)
            : 0;

    public int Write(DeliveryChange.UrlEnabled change) => database.Callbacks.Find(change.Subject) is { } callback ? database.DisabledUrls.Delete(callback.Url) : 0;

    public int Write(DeliveryChange.OldUrlsEnabled change) => database.DisabledUrls.DeleteAll((_, disabled) => disabled.Now < change.Before);

    public int Write(DeliveryChange.SubjectDeleted change)
    {
        foreach (var delivery in database.Deliveries.Rows.Where(delivery => delivery.Row.Subject == change.Subject).ToList())
        {
            for (var number = delivery.Tries; number > 0; number--)
                database.Tries.Delete((delivery.Row.Id.Stamp, number));
            database.Deliveries.Delete(delivery.Row.Id.Stamp);
        }

        return database.Callbacks.Delete(change.Subject);
    }

    /// <summary>Created disabled when the receiver wants no more.</summary>
    private int Announce(JobId id, long subject, string type, long now, string ending)
    {
        if (database.Callbacks.Find(subject) is not { } callback)
            return 0;
        var isDisabled = IsDisabled(callback);
        var row = new DeliveryRow(id, subject, callback.Origin, isDisabled ? DeliveryState.Disabled : DeliveryState.Pending, isDisabled ? null : now);
        if (!isDisabled)
            due.Add(callback.Origin);
        return database.Deliveries.Insert(id.Stamp, new StoredDelivery(row, type, now, ending));
    }

    private bool IsDisabled(Callback? callback) => callback is not null && database.DisabledUrls.Find(callback.Url) is not null;
}
