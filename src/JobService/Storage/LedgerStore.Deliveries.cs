using JobService.Jobs;
using JobService.Ledger;
using JobService.Ledger.Commands;
using Microsoft.Extensions.Logging;

namespace JobService.Storage;

/// <summary>The part of the store that sends callbacks.</summary>
public abstract partial class LedgerStore : IDeliveryStore
{
    public async Task<IReadOnlyList<ReceiverDue>> ReceiversAsync() => await Reads.Deliveries.ReceiversAsync();

    public async Task<IReadOnlyList<PendingDelivery>> PendingAsync(string origin, int atMost) => await Reads.Deliveries.PendingAsync(origin, atMost);

    public async Task<DeliveryWork?> OpenAsync(JobId delivery)
    {
        if (await Reads.Deliveries.FindPendingAsync(delivery) is not { NextAt: { } nextAt } found)
            return null;

        var isBatch = found.Type == DeliveryTypes.BatchFinished;
        var job = found.Body is null && !isBatch ? await FindAsync(found.SubjectId, ResultJson.MaxInlineBytes) : null;
        var batch = found.Body is null && isBatch ? await FindBatchAsync(found.SubjectId) : null;
        return new DeliveryWork
        {
            Pending = new PendingDelivery(delivery, Time(nextAt)),
            Type = found.Type,
            Callback = new Callback(found.Url, ColumnJson.ReadSecret(found.Secret)),
            Failures = found.Failures,
            Body = found.Body,
            Job = job is null ? null : ColumnJson.ReadJobEnding(found.Ending).Of(job),
            Batch = batch is null ? null : ColumnJson.ReadBatchEnding(found.Ending).Of(batch),
        };
    }

    public async Task FinishTryAsync(DeliveryTry ended)
    {
        if (!await writer.RunAsync(new FinishDeliveryTry(ended)))
            return;

        try
        {
            foreach (var chunk in (await Reads.Deliveries.PendingBesideAsync(ended.Pending.Id)).Chunk(Chunk))
                await writer.RunAsync(new DisableDeliveries(chunk));
        }
        catch (StorageUnavailableException error)
        {
            // The try itself is stored. The remaining deliveries will each get their own 410.
            logger.LogWarning(error, "Not all pending deliveries to the address of {Delivery} could be disabled after its 410", ended.Pending.Id);
        }
    }

    public async Task<Delivery?> RedeliverAsync(JobId subject, JobId delivery) =>
        await writer.RunAsync(new Redeliver(subject, delivery)) ? (await Reads.Deliveries.DeliveriesAsync(subject, 1, delivery)).FirstOrDefault() : null;

    public async Task<IReadOnlyList<Delivery>> DeliveriesAsync(JobId subject, int atMost) => await Reads.Deliveries.DeliveriesAsync(subject, atMost);
}
