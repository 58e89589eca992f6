using JobService.Jobs;

namespace JobService.Ledger.Commands;

/// <summary>Adds a job.</summary>
internal sealed record AddJob(NewRow Row) : Command<Addition>
{
    public override void Want(Wanted wanted, LedgerMemory memory)
    {
        if (Row.Job.Idempotency is { } idempotency)
            wanted.Keys.Add(idempotency.Key);
        if (Row.Job.Batch is { } place)
            wanted.Batches.Add(place.Batch.Stamp);
    }

    public override Addition Apply(Turn turn)
    {
        var job = Row.Job;
        if (job.Idempotency is { } idempotency && turn.Fetched.Key(idempotency.Key) is var (fingerprint, first))
            return fingerprint.Span.SequenceEqual(idempotency.Fingerprint.Span) ? new Addition.Replayed(first) : new Addition.Mismatched();
        if (Adding.Refusal(turn, job) is { } refusal)
            return refusal;

        // Checked before the capacity: an upload whose batch has been cancelled stops waiting for that.
        if (job.Batch is { } place && !Batching.TakesJobs(turn, place.Batch))
            return new Addition.BatchStopped();
        var queue = turn.Memory.FindQueue(job.Queue)!;
        if (queue.Unfinished >= queue.Entry.Definition.Capacity)
            return new Addition.Full(job.Queue);
        return new Addition.Accepted(Adding.Enter(turn, Row));
    }
}
