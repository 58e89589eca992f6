using JobService.Ledger;

namespace JobService.Tests.Simulation;

/// <summary>Batches, and the places of jobs in them.</summary>
internal sealed class MemoryBatches(MemoryDatabase database) : IBatchRows, BatchChange.IWriter
{
    public BatchRow? Find(long stamp) => database.Batches.Find(stamp) is not { } batch ? null : new BatchRow(batch.Id, batch.Queue)
    {
        CancelOnFailure = batch.CancelOnFailure,
        CallbackUrl = database.Callbacks.Find(stamp)?.Url,
        IsOpen = batch.IsOpen,
        CancelReason = batch.CancelReason,
        StopFrom = batch.StopFrom,
        CreatedAt = batch.CreatedAt,
        FinishedAt = batch.FinishedAt,
        Total = batch.Total,
        Succeeded = batch.Succeeded,
        Failed = batch.Failed,
        Cancelled = batch.Cancelled,
        LastCompletion = batch.LastCompletion,
    };

    public List<long> Open() => Stamps(batch => batch.IsOpen);

    public List<long> Stopping() => Stamps(batch => batch.StopFrom is not null);

    public void Fetch(Fetched fetched, Wanted wanted)
    {
        foreach (var stamp in wanted.Batches.Concat(wanted.Stopping))
            fetched.PutBatch(stamp, Find(stamp));
        var left = Wanted.MostDue;
        foreach (var stamp in wanted.Stopping)
        {
            if (left == 0)
                break;
            if (fetched.Batch(stamp) is not { } batch)
                continue;
            var from = batch.StopFrom ?? 0;
            var places = database.JobsBy.InBatch.Of(stamp).Where(place => place.Rank >= from).Take(left).ToList();
            foreach (var (_, job) in places.Where(place => !fetched.HasJob(place.Stamp)))
                fetched.PutJob(job, database.Jobs.Find(job)!.Row);
            fetched.Stopping.Add(new StoppingJobs(stamp, from, batch.Total, places, places.Count < left));
            left -= places.Count;
        }

        foreach (var stamp in fetched.BatchesOfJobs.Where(stamp => !fetched.HasBatch(stamp)))
            fetched.PutBatch(stamp, Find(stamp));
    }

    public int Write(BatchChange.Inserted change)
    {
        var batch = change.Batch;
        return database.Batches.Insert(batch.Id.Stamp, new StoredBatch(batch.Id, batch.Queue, batch.CancelOnFailure, batch.CreatedAt, batch.Idempotency));
    }

    public int Write(BatchChange.Counted change)
    {
        var batch = change.Batch;
        return database.Batches.Update(batch.Id.Stamp, stored => stored with
        {
            IsOpen = batch.IsOpen,
            CancelReason = batch.CancelReason,
            StopFrom = batch.StopFrom,
            FinishedAt = batch.FinishedAt,
            Total = batch.Total,
            Succeeded = batch.Succeeded,
            Failed = batch.Failed,
            Cancelled = batch.Cancelled,
            LastCompletion = batch.LastCompletion,
        });
    }

    public int Write(BatchChange.Deleted change)
    {
        if (change.Idempotency is { } key)
            database.Keys.Delete(key);
        return database.Batches.Delete(change.Stamp);
    }

    private List<long> Stamps(Func<StoredBatch, bool> condition) => [.. database.Batches.Rows.Where(condition).Select(batch => batch.Id.Stamp).Order()];
}
